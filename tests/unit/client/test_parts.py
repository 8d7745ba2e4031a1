"""How a file is cut and in which order its parts go."""

from __future__ import annotations

import io
import struct

import pytest

from vidmesh.client.parts import Span, find_index, sending_order, spans_of
from vidmesh.upload.v1.upload_pb2 import PartRun


def box(kind: bytes, payload: int) -> bytes:
    return struct.pack(">I4s", 8 + payload, kind) + bytes(payload)


def large_box(kind: bytes, payload: int) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + payload) + bytes(payload)


FTYP = box(b"ftyp", 16)
SPANS = tuple(Span(number, (number - 1) * 10, 10) for number in range(1, 9))


def test_runs_become_parts_that_lie_end_to_end() -> None:
    layout = [PartRun(first_number=1, count=2, size_bytes=8), PartRun(first_number=3, count=1, size_bytes=3)]
    assert spans_of(layout) == (Span(1, 0, 8), Span(2, 8, 8), Span(3, 16, 3))


def test_the_head_goes_first_then_the_index_then_the_rest_in_order() -> None:
    order = [span.number for span in sending_order(SPANS, (59, 71))]
    assert order == [1, 6, 7, 8, 2, 3, 4, 5]


def test_a_part_that_only_touches_the_index_at_its_border_is_not_part_of_it() -> None:
    order = [span.number for span in sending_order(SPANS, (60, 70))]
    assert order == [1, 7, 2, 3, 4, 5, 6, 8]


def test_without_an_index_parts_go_in_order() -> None:
    assert sending_order(reversed(SPANS), None) == list(SPANS)


@pytest.mark.parametrize("media", [box(b"mdat", 1000), large_box(b"mdat", 1000)], ids=["32 bit", "64 bit"])
def test_an_index_behind_the_media_is_found(media: bytes) -> None:
    front = FTYP + media
    assert find_index(io.BytesIO(front + box(b"moov", 40))) == (len(front), len(front) + 48)


def test_an_index_in_front_is_found() -> None:
    assert find_index(io.BytesIO(FTYP + box(b"moov", 40) + box(b"mdat", 99))) == (24, 72)


def test_an_index_that_reaches_to_the_end_is_found() -> None:
    assert find_index(io.BytesIO(FTYP + struct.pack(">I4s", 0, b"moov") + bytes(30))) == (24, 62)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x1aE\xdf\xa3" + bytes(100),
        FTYP + struct.pack(">I4s", 5000, b"moov"),
        FTYP + struct.pack(">I4s", 4, b"moov") + bytes(100),
        FTYP + box(b"mdat", 100),
    ],
    ids=["empty", "Matroska", "cut off", "impossible size", "no index"],
)
def test_what_has_no_index_has_none(content: bytes) -> None:
    assert find_index(io.BytesIO(content)) is None

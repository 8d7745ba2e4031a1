"""How a file is cut into parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from svc_upload.uploads.layout import BODY_PART, MIB, MOST_PARTS, TAIL, Layout, Run, layout_of

SIZES = st.one_of(st.integers(1, 64 * MIB), st.integers(1, 2**44), st.integers(1, 4096).map(lambda n: n * MIB))


@given(SIZES)
def test_parts_cover_the_file_exactly_and_in_order(size: int) -> None:
    layout = layout_of(size)
    assert layout.size == size
    assert all(run.count > 0 and run.size > 0 for run in layout.runs)
    offset = 0
    for first, run in layout.numbered():
        for number in (first, first + run.count - 1):
            span = layout.span(number)
            assert span is not None
            assert (span.offset, span.size) == (offset + (number - first) * run.size, run.size)
        offset += run.count * run.size
    assert layout.span(0) is None
    assert layout.span(layout.part_count + 1) is None


@given(SIZES)
def test_parts_grow_at_the_beginning_alone_and_are_never_too_many(size: int) -> None:
    layout = layout_of(size)
    sizes = [run.size for run in layout.runs]
    largest = sizes.index(max(sizes))
    assert sizes[: largest + 1] == sorted(set(sizes[: largest + 1]))
    assert sizes[largest:] == sorted(set(sizes[largest:]), reverse=True)
    assert layout.part_count <= MOST_PARTS


@given(SIZES)
def test_the_last_part_is_at_most_a_mebibyte(size: int) -> None:
    assert layout_of(size).runs[-1].size <= MIB


@given(SIZES)
def test_what_is_stored_is_read_back(size: int) -> None:
    layout = layout_of(size)
    assert Layout.of_text(layout.to_text()) == layout


@given(st.integers(TAIL + 2 * BODY_PART, 70_000 * MIB))
def test_the_body_is_cut_in_eight_mebibytes_and_the_first_of_it_finer(size: int) -> None:
    *head, body = layout_of(size).runs[:4]
    assert [run.size for run in head] == [MIB, 2 * MIB, 4 * MIB]
    assert sum(run.count * run.size for run in head) == BODY_PART
    assert body == Run((size - TAIL) // BODY_PART - 1, BODY_PART)


def test_a_small_file_is_one_part() -> None:
    assert layout_of(300_000).runs == (Run(1, 300_000),)


def test_a_phone_video_ends_in_smaller_and_smaller_parts() -> None:
    assert layout_of(100 * MIB).to_text() == ("2x1048576,1x2097152,1x4194304,9x8388608,3x4194304,2x2097152,4x1048576")


def test_the_largest_file_gets_larger_parts() -> None:
    assert layout_of(256 * 1024 * MIB).runs[0].size == 32 * MIB

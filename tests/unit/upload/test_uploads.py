"""An upload's rules."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from mesh.errors import Fault
from svc_upload.uploads import domain
from svc_upload.uploads.domain import Limits, PartRecord, UploadRecord, Usage
from svc_upload.uploads.layout import MIB, layout_of
from vidmesh.upload.v1.upload_pb2 import UploadState

from .videos import NOW

LIMITS = Limits(max_file_bytes=100, account_quota_bytes=250, max_active_uploads=3, min_free_bytes=50)
UPLOAD = UploadRecord(
    upload_id="u",
    video_id="abcdefghijk",
    channel_id="c",
    account_id="a",
    size_bytes=3 * MIB,
    filename="clip.mp4",
    layout=layout_of(3 * MIB),
    create_time=NOW,
    expire_time=NOW,
    request_digest=b"r",
)


def reason(call: object, *arguments: object) -> str:
    with pytest.raises(Fault) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.reason_name


def test_a_file_is_taken_up_to_the_limit() -> None:
    domain.check_size(100, LIMITS)
    assert reason(domain.check_size, 101, LIMITS) == "FILE_TOO_LARGE"


def test_an_upload_leaves_the_disk_its_reserve() -> None:
    domain.check_space(100, 150, LIMITS)
    domain.check_space(100, None, LIMITS)
    domain.check_space(100, 0, replace(LIMITS, min_free_bytes=0))
    assert reason(domain.check_space, 100, 149, LIMITS) == "STORAGE_LOW"


def test_an_upload_that_has_begun_goes_on_into_the_reserve_but_never_uses_it_up() -> None:
    limits = replace(LIMITS, min_free_bytes=40)
    domain.check_space_for_parts(100, 110, limits)
    domain.check_space_for_parts(100, None, limits)
    domain.check_space_for_parts(100, 0, replace(limits, min_free_bytes=0))
    assert reason(domain.check_space_for_parts, 100, 109, limits) == "STORAGE_LOW"


def test_an_account_is_admitted_up_to_its_limits() -> None:
    usage = domain.admitted(domain.admitted(Usage(), 100, LIMITS), 100, LIMITS)
    assert usage == Usage(2, 200)
    assert reason(domain.admitted, usage, 51, LIMITS) == "QUOTA_EXCEEDED"
    assert domain.admitted(usage, 50, LIMITS) == Usage(3, 250)
    assert reason(domain.admitted, Usage(3, 0), 1, LIMITS) == "TOO_MANY_UPLOADS"
    assert domain.admitted(usage, 10**12, replace(LIMITS, account_quota_bytes=0)).active_uploads == 3


def test_a_part_fits_the_layout_or_is_refused() -> None:
    assert domain.part_span(UPLOAD, 3, MIB).offset == 2 * MIB
    assert reason(domain.part_span, UPLOAD, 4) == "PART_MISMATCH"
    assert reason(domain.part_span, UPLOAD, 0) == "PART_MISMATCH"
    assert reason(domain.part_span, UPLOAD, 1, MIB - 1) == "PART_MISMATCH"


def test_a_parts_key_names_its_content() -> None:
    assert domain.object_key("u", 2, b"\xab" * 32) == f"u/u/2-{'ab' * 32}"


def test_confirmed_parts_are_counted_and_put_expiry_off() -> None:
    after = domain.with_parts(UPLOAD, [PartRecord(1, MIB, b""), PartRecord(2, MIB, b"")], NOW, timedelta(days=7))
    assert (after.received_parts, after.received_bytes) == (2, 2 * MIB)
    assert after.expire_time == NOW + timedelta(days=7)
    assert after.generation == UPLOAD.generation + 1


def test_a_whole_file_has_the_digest_of_its_ordered_part_digests() -> None:
    digests = {number: bytes([number]) * 32 for number in (3, 1, 2)}
    assert domain.check_whole(UPLOAD, digests) == hashlib.sha256(b"".join(digests[n] for n in (1, 2, 3))).digest()


def test_missing_parts_are_named() -> None:
    with pytest.raises(Fault) as caught:
        domain.check_whole(UPLOAD, {2: b""})
    assert (caught.value.reason_name, caught.value.metadata["missing"]) == ("PARTS_MISSING", "1,3")


def test_a_claimed_digest_is_checked_where_given() -> None:
    domain.check_claimed(b"x", b"")
    domain.check_claimed(b"x", b"x")
    assert reason(domain.check_claimed, b"x", b"y") == "DIGEST_MISMATCH"


@pytest.mark.parametrize("state", [s for s in UploadState.values() if s > UploadState.UPLOAD_STATE_ACTIVE])
def test_what_has_ended_takes_no_more_parts_and_says_why(state: UploadState.ValueType) -> None:
    domain.require_active(UPLOAD)
    with pytest.raises(Fault) as caught:
        domain.require_active(replace(UPLOAD, state=state))
    assert caught.value.metadata["state"] == UploadState.Name(state).removeprefix("UPLOAD_STATE_")

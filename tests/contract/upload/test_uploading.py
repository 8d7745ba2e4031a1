"""From a file to a whole upload, by the contract."""

from __future__ import annotations

import asyncio
import hashlib

from mesh.ids import uuid7
from tests.contract.answers import refusal
from vidmesh.upload.v1.upload_events_pb2 import PartsConfirmed, UploadCompleted
from vidmesh.upload.v1.upload_pb2 import UploadState
from vidmesh.upload.v1.upload_service_pb2 import (
    CompleteUploadRequest,
    ConfirmPartsRequest,
    GetSourceRequest,
    GetUploadRequest,
    ListPartsRequest,
    PartReceipt,
    PartToSign,
    SignPartsRequest,
)
from vidmesh.upload.v1.video_pb2 import ProcessingState

from .conftest import Served, content_of, pieces_of

MIB = 1024 * 1024
CONTENT = content_of(3 * MIB + 5)


async def test_parts_sent_in_any_order_become_a_video_in_processing(served: Served) -> None:
    begun = await served.begin(len(CONTENT))
    assert begun.upload.state == UploadState.UPLOAD_STATE_ACTIVE
    assert begun.video.processing_state == ProcessingState.PROCESSING_STATE_UPLOADING
    assert (begun.video.title, begun.video.category, begun.video.language) == ("A clip", "Entertainment", "en")
    pieces = pieces_of(begun.upload, CONTENT)
    assert len(pieces) == begun.upload.part_count > 2
    completed = await served.heard(UploadCompleted, begun.video.video_id)

    for number in reversed(pieces):
        assert (await served.send(begun.upload, number, pieces[number])).status_code == 200
        await served.confirm(begun.upload, {number: pieces[number]})
    upload = await served.upload(begun.upload)
    assert (upload.received_part_count, upload.received_bytes) == (len(pieces), len(CONTENT))

    digest = hashlib.sha256(b"".join(hashlib.sha256(piece).digest() for piece in pieces.values())).digest()
    done = await served.uploads.CompleteUpload(
        CompleteUploadRequest(upload_id=upload.upload_id, digest=digest), metadata=served.me
    )
    assert done.upload.state == UploadState.UPLOAD_STATE_COMPLETED
    assert done.video.processing_state == ProcessingState.PROCESSING_STATE_PROCESSING
    (event,) = await completed.messages(1)
    assert (event.upload_id, event.channel_id, event.size_bytes) == (upload.upload_id, served.channel_id, len(CONTENT))

    source = await served.uploads.GetSource(GetSourceRequest(video_id=begun.video.video_id), metadata=served.service())
    assert (source.size_bytes, source.digest, source.channel_id) == (len(CONTENT), digest, served.channel_id)
    stored = [await served.objects.get(served.bucket, part.object_key) for part in source.parts]
    assert b"".join(stored) == CONTENT
    assert [part.part.offset_bytes for part in source.parts][:2] == [0, MIB]


async def test_the_store_itself_refuses_other_bytes_and_a_second_write(served: Served) -> None:
    begun = await served.begin(3)
    signed = await served.sign(begun.upload, 1, b"abc")
    assert (await served.put(signed, b"abd")).status_code == 400
    assert (await served.put(signed, b"abc")).status_code == 200
    assert (await served.put(signed, b"abc")).status_code == 412


async def test_a_part_is_only_signed_as_the_layout_has_it(served: Served) -> None:
    begun = await served.begin(3)
    for part in (PartToSign(number=2, size_bytes=3), PartToSign(number=1, size_bytes=4)):
        part.sha256 = bytes(32)
        request = SignPartsRequest(upload_id=begun.upload.upload_id, parts=[part])
        fault = await refusal(served.uploads.SignParts(request, metadata=served.me))
        assert (fault.reason_name, fault.metadata["number"]) == ("PART_MISMATCH", str(part.number))


async def test_confirming_believes_the_store_and_not_the_client(served: Served) -> None:
    begun = await served.begin(2 * MIB)
    pieces = pieces_of(begun.upload, content_of(2 * MIB))
    await served.send(begun.upload, 1, pieces[1])
    receipts = [PartReceipt(number=n, sha256=hashlib.sha256(piece).digest()) for n, piece in pieces.items()]
    request = ConfirmPartsRequest(upload_id=begun.upload.upload_id, parts=receipts)
    fault = await refusal(served.uploads.ConfirmParts(request, metadata=served.me))
    assert (fault.reason_name, fault.metadata["number"]) == ("PART_MISMATCH", "2")
    upload = (
        await served.uploads.GetUpload(GetUploadRequest(upload_id=begun.upload.upload_id), metadata=served.me)
    ).upload
    assert upload.received_part_count == 0


async def test_confirming_again_counts_once_and_with_other_content_is_refused(served: Served) -> None:
    begun = await served.begin(3)
    await served.send(begun.upload, 1, b"abc")
    await served.confirm(begun.upload, {1: b"abc"})
    again = await served.confirm(begun.upload, {1: b"abc"})
    assert (again.received_part_count, again.received_bytes) == (1, 3)
    await served.send(begun.upload, 1, b"xyz")
    other = PartReceipt(number=1, sha256=hashlib.sha256(b"xyz").digest())
    request = ConfirmPartsRequest(upload_id=begun.upload.upload_id, parts=[other])
    assert (await refusal(served.uploads.ConfirmParts(request, metadata=served.me))).reason_name == "PART_MISMATCH"


async def test_parts_confirmed_at_the_same_moment_are_all_counted(served: Served) -> None:
    content = content_of(7 * MIB)
    begun = await served.begin(len(content))
    pieces = pieces_of(begun.upload, content)
    await asyncio.gather(*(served.send(begun.upload, number, piece) for number, piece in pieces.items()))
    # Overlapping on purpose: neighbours confirm the same part.
    await asyncio.gather(
        *(served.confirm(begun.upload, {n: pieces[n] for n in (number, number % len(pieces) + 1)}) for number in pieces)
    )
    page = await served.uploads.ListParts(ListPartsRequest(upload_id=begun.upload.upload_id), metadata=served.me)
    assert [part.number for part in page.parts] == list(pieces)
    upload = (
        await served.uploads.GetUpload(GetUploadRequest(upload_id=begun.upload.upload_id), metadata=served.me)
    ).upload
    assert (upload.received_part_count, upload.received_bytes) == (len(pieces), len(content))


async def test_confirmed_parts_are_listed_by_number_page_by_page(served: Served) -> None:
    begun = await served.whole(CONTENT)
    request = ListPartsRequest(upload_id=begun.upload.upload_id, page_size=2)
    numbers: list[int] = []
    while True:
        page = await served.uploads.ListParts(request, metadata=served.me)
        assert len(page.parts) <= 2
        numbers += [part.number for part in page.parts]
        request.page_token = page.next_page_token
        if not request.page_token:
            break
    assert numbers == list(range(1, begun.upload.part_count + 1))


async def test_confirming_wakes_whoever_follows_the_video(served: Served) -> None:
    begun = await served.begin(3)
    async with served.bus.wakes(PartsConfirmed, key=begun.video.video_id) as wakes:
        await served.send(begun.upload, 1, b"abc")
        await served.confirm(begun.upload, {1: b"abc"})
        async with asyncio.timeout(5):
            assert await anext(aiter(wakes)) is not None


async def test_completing_too_early_names_what_is_missing(served: Served) -> None:
    begun = await served.begin(2 * MIB)
    await served.send(begun.upload, 2, pieces_of(begun.upload, content_of(2 * MIB))[2])
    await served.confirm(begun.upload, {2: content_of(2 * MIB)[MIB:]})
    request = CompleteUploadRequest(upload_id=begun.upload.upload_id)
    fault = await refusal(served.uploads.CompleteUpload(request, metadata=served.me))
    assert (fault.reason_name, fault.metadata["missing"]) == ("PARTS_MISSING", "1")


async def test_completing_with_another_digest_is_refused_and_completing_twice_is_not(served: Served) -> None:
    begun = await served.whole()
    request = CompleteUploadRequest(upload_id=begun.upload.upload_id, digest=bytes(32))
    assert (await refusal(served.uploads.CompleteUpload(request, metadata=served.me))).reason_name == "DIGEST_MISMATCH"
    request.ClearField("digest")
    for _ in range(2):
        done = await served.uploads.CompleteUpload(request, metadata=served.me)
        assert done.upload.state == UploadState.UPLOAD_STATE_COMPLETED


async def test_two_who_complete_at_once_announce_it_once(served: Served) -> None:
    begun = await served.whole()
    completed = await served.heard(UploadCompleted, begun.video.video_id)
    request = CompleteUploadRequest(upload_id=begun.upload.upload_id)
    await asyncio.gather(*(served.uploads.CompleteUpload(request, metadata=served.me) for _ in range(5)))
    await completed.messages(1)
    await asyncio.sleep(0.3)
    assert len(completed.events) == 1


async def test_a_completed_upload_takes_no_more_parts(served: Served) -> None:
    begun = await served.complete()
    part = PartToSign(number=1, size_bytes=3, sha256=bytes(32))
    request = SignPartsRequest(upload_id=begun.upload.upload_id, parts=[part])
    fault = await refusal(served.uploads.SignParts(request, metadata=served.me))
    assert (fault.reason_name, fault.metadata["state"]) == ("UPLOAD_NOT_ACTIVE", "COMPLETED")


async def test_the_source_of_an_unfinished_upload_shows_the_parts_there_are(served: Served) -> None:
    begun = await served.begin(2 * MIB)
    pieces = pieces_of(begun.upload, content_of(2 * MIB))
    await served.send(begun.upload, 2, pieces[2])
    await served.confirm(begun.upload, {2: pieces[2]})
    source = await served.uploads.GetSource(GetSourceRequest(video_id=begun.video.video_id), metadata=served.service())
    assert [part.part.number for part in source.parts] == [2]
    assert (source.digest, source.complete) == (b"", False)
    assert source.layout == begun.upload.layout
    await served.send(begun.upload, 1, pieces[1])
    await served.confirm(begun.upload, {1: pieces[1]})

    behind = GetSourceRequest(video_id=begun.video.video_id, first_number=2)
    source = await served.uploads.GetSource(behind, metadata=served.service())
    assert [part.part.number for part in source.parts] == [2], "what is known already is not told again"
    assert not source.complete, "every part is there, but nobody has checked the whole"
    await served.uploads.CompleteUpload(CompleteUploadRequest(upload_id=begun.upload.upload_id), metadata=served.me)
    assert (await served.uploads.GetSource(behind, metadata=served.service())).complete


async def test_only_the_channels_people_upload_and_only_they_see_an_upload(served: Served) -> None:
    stranger = served.by(served.stranger)
    fault = await refusal(served.uploads.CreateUpload(served.request(), metadata=stranger))
    assert (fault.reason_name, fault.metadata["relation"]) == ("PERMISSION_DENIED", "channel_member")
    fault = await refusal(served.uploads.CreateUpload(served.request(channel_id=uuid7()), metadata=stranger))
    assert fault.reason_name == "CHANNEL_NOT_FOUND"
    begun = await served.begin()
    request = GetUploadRequest(upload_id=begun.upload.upload_id)
    for metadata, reason in (
        (stranger, "UPLOAD_NOT_FOUND"),
        (served.administrator, "UPLOAD_NOT_FOUND"),
        ((), "SIGN_IN_REQUIRED"),
    ):
        assert (await refusal(served.uploads.GetUpload(request, metadata=metadata))).reason_name == reason
    colleague = uuid7()
    served.people.channels[served.channel_id].add(colleague)
    assert (await served.uploads.GetUpload(request, metadata=served.by(colleague))).upload == begun.upload

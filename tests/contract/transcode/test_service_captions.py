"""Captions as they are uploaded, listed, read and taken away, and what manifests and players get of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from svc_transcode.media.info import SubtitleInfo
from svc_transcode.processing import captions
from tests.contract.answers import refusal
from vidmesh.transcode.v1 import caption_pb2
from vidmesh.transcode.v1.caption_service_pb2 import (
    DeleteCaptionRequest,
    ExportCaptionsRequest,
    GetTranscriptRequest,
    ListCaptionsRequest,
    UploadCaptionRequest,
)
from vidmesh.transcode.v1.caption_service_pb2_grpc import CaptionServiceStub
from vidmesh.transcode.v1.transcode_events_pb2 import CaptionsChanged
from vidmesh.transcode.v1.transcode_service_pb2 import GetPresentationResponse
from vidmesh.upload.v1.video_pb2 import PROCESSING_STATE_PROCESSED

from .plausible import source
from .service_rig import Served, eventually, new_video_id

if TYPE_CHECKING:
    from vidmesh.transcode.v1.caption_service_pb2_grpc import CaptionServiceAsyncStub

SRT = b"1\n00:00:00,500 --> 00:00:01,500\n<i>One</i> & more\n\n2\n00:00:02,000 --> 00:00:03,250\nTwo\n"
STORED = (
    "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
    "00:00:00.500 --> 00:00:01.500\n<i>One</i> &amp; more\n\n00:00:02.000 --> 00:00:03.250\nTwo\n"
)


PATIENCE = 150
"""Seconds."""


@dataclass
class Captions:
    """CaptionService, and what stands around it."""

    served: Served

    @property
    def service(self) -> CaptionServiceAsyncStub:
        return CaptionServiceStub(self.served.mesh.outside("svc_transcode"))

    async def upload(self, video_id: str, language: str = "en", name: str = "", content: bytes = SRT) -> Any:
        request = UploadCaptionRequest(video_id=video_id, language=language, name=name, content=content)
        return (await self.service.UploadCaption(request, metadata=self.served.me)).caption

    async def delete(self, video_id: str, caption_id: str) -> None:
        request = DeleteCaptionRequest(video_id=video_id, caption_id=caption_id)
        await self.service.DeleteCaption(request, metadata=self.served.me)

    async def listed(self, video_id: str) -> list[tuple[str, str]]:
        answer = await self.service.ListCaptions(ListCaptionsRequest(video_id=video_id), metadata=self.served.me)
        return [(one.language, one.name) for one in answer.captions]

    async def presented(self, video_id: str, *labels: str) -> GetPresentationResponse:
        """What players are told, once these captions are in the manifests and no others."""

        async def look() -> GetPresentationResponse | None:
            found = await self.served.presented(video_id)
            ready = found is not None and [track.label for track in found.captions] == list(labels)
            return found if ready else None

        return await eventually(look, PATIENCE)

    async def text(self, video_id: str, path: str) -> str:
        key = f"v/{video_id}/{path}"
        return (await self.served.objects.get(self.served.mesh.settings.objects.media_bucket, key)).decode()


@pytest.fixture
def spoken(served: Served) -> Captions:
    return Captions(served)


async def processed(served: Served) -> str:
    """A video that came to its end."""
    async with served.working(source(6)):
        video_id = await served.upload()
        assert (await served.ended(video_id, PATIENCE)).state == PROCESSING_STATE_PROCESSED
    return video_id


async def test_uploaded_captions_are_in_both_manifests_of_a_new_generation(served: Served, spoken: Captions) -> None:
    video_id = await processed(served)
    told = await served.heard(CaptionsChanged, video_id)
    before = await spoken.presented(video_id)
    caption = await spoken.upload(video_id, "pt-br", "SDH")
    assert (caption.language, caption.name, caption.cue_count) == ("pt-BR", "SDH", 2)
    assert caption.origin == caption_pb2.CAPTION_ORIGIN_UPLOADED
    assert caption.end_time.ToMilliseconds() == 3250
    after = await spoken.presented(video_id, "pt-BR (SDH)")
    assert after.manifest_generation == before.manifest_generation + 1
    assert [file.quality for file in after.files] == [file.quality for file in before.files]
    (track,) = after.captions
    assert await spoken.text(video_id, track.path) == STORED
    master = await spoken.text(video_id, after.hls_path)
    assert 'TYPE=SUBTITLES,GROUP-ID="captions",NAME="pt-BR (SDH)",LANGUAGE="pt-BR"' in master
    assert master.count('SUBTITLES="captions"') == master.count("#EXT-X-STREAM-INF")
    playlist = await spoken.text(video_id, after.hls_path.replace("master.m3u8", "captions-0.m3u8"))
    assert f"../../{track.path}" in playlist
    assert f"<BaseURL>../../{track.path}</BaseURL>" in await spoken.text(video_id, after.dash_path)

    async def is_told() -> bool:
        return [event.manifest_generation for event in told] == [after.manifest_generation]

    await eventually(is_told, PATIENCE)


async def test_the_same_language_and_name_is_replaced_and_the_older_text_goes(served: Served, spoken: Captions) -> None:
    video_id = await processed(served)
    first = await spoken.upload(video_id)
    (before,) = (await spoken.presented(video_id, "en")).captions
    second = await spoken.upload(video_id, content=b"WEBVTT\n\n00:01.000 --> 00:02.000\nAnother\n")
    assert first.caption_id == second.caption_id
    assert await spoken.listed(video_id) == [("en", "")]

    async def is_replaced() -> bool:
        (track,) = (await spoken.presented(video_id, "en")).captions
        return track.path != before.path and before.path not in await served.stored(video_id)

    await eventually(is_replaced, PATIENCE)


async def test_deleted_captions_leave_the_manifests_and_the_store(served: Served, spoken: Captions) -> None:
    video_id = await processed(served)
    caption = await spoken.upload(video_id)
    await spoken.upload(video_id, "de")
    await spoken.presented(video_id, "de", "en")
    await spoken.delete(video_id, caption.caption_id)
    await spoken.delete(video_id, caption.caption_id)
    await spoken.presented(video_id, "de")

    async def is_gone() -> bool:
        return len([path for path in await served.stored(video_id) if path.startswith("c/")]) == 1

    await eventually(is_gone, PATIENCE)


async def test_captions_of_an_upload_that_goes_on_come_with_its_first_manifests(
    served: Served, spoken: Captions
) -> None:
    video_id = await served.begin(6)
    assert (await refusal(spoken.upload(video_id))).reason_name == "VIDEO_NOT_STARTED"
    assert await spoken.listed(video_id) == []
    await served.arrive(video_id, 1, 2)

    async def is_begun() -> bool:
        try:
            return bool(await spoken.upload(video_id))
        except Exception:
            return False

    await eventually(is_begun, PATIENCE)
    assert await spoken.listed(video_id) == [("en", "")]
    async with served.working(source(6)):
        await served.arrive(video_id, 3, 4, 5, 6)
        await served.complete(video_id)
        await served.ended(video_id, PATIENCE)
    await spoken.presented(video_id, "en")


async def test_those_in_the_file_are_read_by_a_job_and_pictures_are_named(served: Served, spoken: Captions) -> None:
    tracks = (
        SubtitleInfo(3, "subrip", "eng", "SDH"),
        SubtitleInfo(4, "hdmv_pgs_subtitle", "fre", ""),
        SubtitleInfo(5, "mov_text", "de", ""),
    )
    async with served.working(replace(source(6), subtitles=tracks)):
        video_id = await served.upload()
        shown = await spoken.presented(video_id, "de", "eng (SDH)")
    assert [track.path for track in shown.captions] == ["c/c-r1.1.1/captions-5.vtt", "c/c-r1.1.1/captions-3.vtt"]
    assert [job for job in served.done if job.startswith("c-")] == ["c-r1#1"]
    answer = await spoken.service.ListCaptions(ListCaptionsRequest(video_id=video_id), metadata=served.me)
    assert {one.origin for one in answer.captions} == {caption_pb2.CAPTION_ORIGIN_EMBEDDED}
    assert [(one.language, one.codec) for one in answer.left_out] == [("fre", "hdmv_pgs_subtitle")]
    served.viewers.public.add(video_id)
    answer = await spoken.service.ListCaptions(ListCaptionsRequest(video_id=video_id))
    assert (len(answer.captions), len(answer.left_out)) == (2, 0)


async def test_a_transcript_is_read_page_by_page_and_not_on_after_it_was_replaced(
    served: Served, spoken: Captions
) -> None:
    video_id = await processed(served)
    caption = await spoken.upload(video_id)
    request = GetTranscriptRequest(video_id=video_id, caption_id=caption.caption_id, page_size=1)
    first = await spoken.service.GetTranscript(request, metadata=served.me)
    assert [(cue.start_time.ToMilliseconds(), cue.end_time.ToMilliseconds(), cue.text) for cue in first.cues] == [
        (500, 1500, "One & more")
    ]
    request.page_token = first.next_page_token
    second = await spoken.service.GetTranscript(request, metadata=served.me)
    assert ([cue.text for cue in second.cues], second.next_page_token) == (["Two"], "")
    await spoken.upload(video_id, content=SRT + b"\n3\n00:00:04,000 --> 00:00:05,000\nThree\n")
    assert (await refusal(spoken.service.GetTranscript(request, metadata=served.me))).reason_name == (
        "INVALID_PAGE_TOKEN"
    )
    request = GetTranscriptRequest(video_id=video_id, caption_id="another")
    assert (await refusal(spoken.service.GetTranscript(request, metadata=served.me))).reason_name == "CAPTION_NOT_FOUND"


async def test_what_is_wrong_with_a_file_is_said_and_nothing_is_kept(served: Served, spoken: Captions) -> None:
    video_id = await processed(served)
    fault = await refusal(spoken.upload(video_id, content=b"1\n00:00:02,000 --> 00:00:01,000\na\n"))
    assert (fault.reason_name, fault.metadata["line"]) == ("INVALID_CAPTIONS", "2")
    assert fault.sentence == "Line 2: The cue ends before it begins."
    fault = await refusal(spoken.upload(video_id, content=b"\x89PNG"))
    assert fault.reason_name == "INVALID_CAPTIONS"
    fault = await refusal(spoken.upload(video_id, language="not a language"))
    assert fault.reason_name == "INVALID_FIELD"
    assert await spoken.listed(video_id) == []
    assert not [path for path in await served.stored(video_id) if path.startswith("c/")]


async def test_only_its_people_change_the_captions_of_a_video(served: Served, spoken: Captions) -> None:
    video_id = await processed(served)
    caption = await spoken.upload(video_id)
    stranger = served.mesh.signed_in("11111111-1111-7111-8111-111111111111")
    upload = UploadCaptionRequest(video_id=video_id, language="en", content=SRT)
    delete = DeleteCaptionRequest(video_id=video_id, caption_id=caption.caption_id)
    for reason in ("VIDEO_NOT_FOUND", "PERMISSION_DENIED"):
        for call in (
            spoken.service.UploadCaption(upload, metadata=stranger),
            spoken.service.DeleteCaption(delete, metadata=stranger),
        ):
            assert (await refusal(call)).reason_name == reason
        served.viewers.public.add(video_id)


async def test_there_are_at_most_fifty_tracks(served: Served, spoken: Captions) -> None:
    video_id = await served.begin(6)
    await served.arrive(video_id, 1)

    async def is_begun() -> bool:
        try:
            return bool(await spoken.upload(video_id, name="0"))
        except Exception:
            return False

    await eventually(is_begun, PATIENCE)
    for number in range(1, captions.MOST):
        await spoken.upload(video_id, name=str(number))
    fault = await refusal(spoken.upload(video_id, name="one more"))
    assert (fault.reason_name, fault.metadata["limit"]) == ("TOO_MANY_CAPTIONS", str(captions.MOST))


async def test_every_track_is_exported_for_rebuilding(served: Served, spoken: Captions) -> None:
    video_id, other = await processed(served), await processed(served)
    await spoken.upload(video_id)
    await spoken.upload(other, "de")
    stream = spoken.service.ExportCaptions(ExportCaptionsRequest(), metadata=served.mesh.as_service("svc_discovery"))
    assert {(one.caption.video_id, one.caption.language) async for one in stream} == {(video_id, "en"), (other, "de")}


async def test_captions_go_with_their_video(served: Served, spoken: Captions) -> None:
    async with served.working(source(6)):
        video_id = await served.begin(6)
        await served.arrive(video_id, *range(1, 7))
        await served.complete(video_id)
        await served.ended(video_id, PATIENCE)
        await spoken.upload(video_id)
        await spoken.presented(video_id, "en")
        await served.abort(video_id)

        async def is_gone() -> bool:
            return not await served.stored(video_id)

        await eventually(is_gone, PATIENCE)
    assert (await refusal(spoken.upload(video_id))).reason_name == "VIDEO_NOT_STARTED"
    assert await spoken.listed(new_video_id()) == []

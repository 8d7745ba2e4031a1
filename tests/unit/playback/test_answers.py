"""What viewers of one video are told alike, and what never is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mesh.config import Edge
from svc_playback.playback.answers import Answers
from vidmesh.playback.v1.playback_pb2 import DEVICE_TYPE_PHONE, DEVICE_TYPE_TV
from vidmesh.playback.v1.playback_service_pb2 import GetPlaybackRequest
from vidmesh.transcode.v1.transcode_pb2 import VideoFile
from vidmesh.transcode.v1.transcode_service_pb2 import GetPresentationResponse
from vidmesh.upload.v1.video_service_pb2 import CheckViewerResponse

VIEWER = CheckViewerResponse(access_epoch=1)
VIDEO, END = "abcdefghijk", datetime(2030, 1, 1, tzinfo=UTC)
HERE, THERE = Edge(name="here", url="https://here.example"), Edge(name="there", url="https://there.example")


def presentation(generation: int = 1) -> GetPresentationResponse:
    files = [
        VideoFile(quality=f"{height}p", codec="avc1.640028", width=height * 2, height=height) for height in (360, 1080)
    ]
    return GetPresentationResponse(hls_path=f"m/{generation}/a.m3u8", manifest_generation=generation, files=files)


def test_what_one_viewer_is_told_is_not_changed_by_what_is_made_of_anothers() -> None:
    answers, shown = Answers(), presentation()
    asked = GetPlaybackRequest(video_id=VIDEO)
    first = answers.playback(asked, VIEWER, shown, HERE, "t", END)
    first.session_token = "one viewer's"
    del first.tracks[:]
    second = answers.playback(asked, VIEWER, shown, HERE, "t", END)
    assert (second.session_token, len(second.tracks)) == ("", 2)


def test_another_grant_or_presentation_is_in_the_next_answer() -> None:
    answers, asked, shown = Answers(), GetPlaybackRequest(video_id=VIDEO), presentation()
    later = END + timedelta(seconds=5)
    assert answers.playback(asked, VIEWER, shown, HERE, "old", END).hls_url.startswith(
        "https://here.example/media/~old/"
    )
    changed = answers.playback(asked, VIEWER, shown, HERE, "new", later)
    assert changed.hls_url.startswith("https://here.example/media/~new/")
    assert changed.expire_time.ToDatetime(UTC) == later
    assert answers.playback(asked, VIEWER, presentation(2), HERE, "new", later).manifest_generation == 2


def test_devices_and_edges_are_told_apart() -> None:
    answers, shown = Answers(), presentation()

    def told(edge: Edge = HERE, **more: object) -> tuple[str, str, int]:
        request = GetPlaybackRequest(video_id=VIDEO, **more)  # type: ignore[arg-type]
        found = answers.playback(request, VIEWER, shown, edge, "t", END)
        return found.edge, found.start_quality, len(found.tracks)

    for _ in range(2):
        assert told(device=DEVICE_TYPE_PHONE) == ("here", "360p", 2)
        assert told(device=DEVICE_TYPE_TV) == ("here", "1080p", 2)
        assert told(THERE, device=DEVICE_TYPE_TV) == ("there", "1080p", 2)
        assert told(start_quality="1080p") == ("here", "1080p", 2)
        assert told(codecs=["avc1"]) == ("here", "360p", 2)


def test_a_storyboard_that_was_made_since_is_in_the_next_answer() -> None:
    answers, asked, shown = Answers(), GetPlaybackRequest(video_id=VIDEO), presentation()
    assert answers.playback(asked, VIEWER, shown, HERE, "t", END).storyboard_url == ""
    board = presentation()
    board.storyboard_path = "b/b-360p-r1.1.1/storyboard.vtt"
    url = answers.playback(asked, VIEWER, board, HERE, "t", END).storyboard_url
    assert url == f"https://here.example/media/~t/v/{VIDEO}/b/b-360p-r1.1.1/storyboard.vtt"

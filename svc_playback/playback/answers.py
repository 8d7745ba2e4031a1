"""What viewers of one video are told alike: made once for each grant, and remembered while nothing of it changes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mesh.config import Edge
from mesh.grants import media_url
from svc_playback.playback import domain
from svc_playback.playback.chapters import chapters_of, same_chapters
from vidmesh.playback.v1 import playback_pb2
from vidmesh.playback.v1 import playback_service_pb2 as pb
from vidmesh.transcode.v1 import transcode_service_pb2 as transcode
from vidmesh.upload.v1 import video_service_pb2 as videos

MOST: Final = 5_000
"""Answers remembered, some kB each: videos times kinds of devices."""

Key = tuple[str, str, tuple[str, ...], str, int]


@dataclass(frozen=True, slots=True)
class _Known:
    viewer: videos.CheckViewerResponse
    presentation: transcode.GetPresentationResponse
    token: str
    playback: playback_pb2.Playback


class Answers:
    """Gives the part of an answer that names no viewer. The least recently used go first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[Key, _Known] = OrderedDict()

    def playback(
        self,
        request: pb.GetPlaybackRequest,
        viewer: videos.CheckViewerResponse,
        presentation: transcode.GetPresentationResponse,
        edge: Edge,
        token: str,
        expires: datetime,
    ) -> playback_pb2.Playback:
        """A message of the caller's own, whole but for its session; `token` is the grant, which ends at `expires`.

        `viewer` and `presentation` must not be changed afterwards. Raises as `domain.require_watchable` does.
        """
        key = (request.video_id, edge.name, tuple(request.codecs), request.start_quality, request.device)
        known = self._known.get(key)
        if (
            known is None
            or known.presentation is not presentation
            or known.token != token
            or not same_chapters(known.viewer, viewer)
        ):
            known = _Known(viewer, presentation, token, _made(request, viewer, presentation, edge, token, expires))
            self._known[key] = known
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        own = playback_pb2.Playback()
        own.CopyFrom(known.playback)
        return own


def _made(
    request: pb.GetPlaybackRequest,
    viewer: videos.CheckViewerResponse,
    presentation: transcode.GetPresentationResponse,
    edge: Edge,
    token: str,
    expires: datetime,
) -> playback_pb2.Playback:
    files = domain.decodable(presentation.files, request.codecs)
    domain.require_watchable(files)

    def url(path: str) -> str:
        return media_url(edge.url, token, request.video_id, path)

    captions = (
        playback_pb2.Track(
            kind=playback_pb2.TRACK_KIND_CAPTIONS,
            # As on sound: empty where it is not known.
            language="" if track.language == "und" else track.language,
            label=track.label,
            url=url(track.path),
        )
        for track in presentation.captions
    )
    chapters = chapters_of(viewer, presentation)
    made = playback_pb2.Playback(
        video_id=request.video_id,
        hls_url=url(presentation.hls_path),
        dash_url=url(presentation.dash_path),
        edge=edge.name,
        tracks=[*domain.tracks(files), *captions],
        start_quality=domain.start_quality(files, request.start_quality, request.device),
        duration=presentation.duration,
        thumbnails=[
            playback_pb2.Picture(url=url(still.path), width=still.width, height=still.height)
            for still in presentation.stills
        ],
        manifest_generation=presentation.manifest_generation,
        storyboard_url=url(presentation.storyboard_path) if presentation.storyboard_path else "",
        chapters=chapters.messages,
        chapter_origin=chapters.origin,
    )
    made.expire_time.FromDatetime(expires)
    return made

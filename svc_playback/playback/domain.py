"""The rules of watching: how long a grant lives, which tracks a device gets, where it begins. No I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from mesh.config import Edge
from mesh.errors import precondition
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.playback.v1 import playback_pb2
from vidmesh.transcode.v1 import transcode_pb2

AUDIO_QUALITY = "audio"

DEVICE_HEIGHTS: dict[playback_pb2.DeviceType.ValueType, int] = {
    playback_pb2.DEVICE_TYPE_PHONE: 720,
    playback_pb2.DEVICE_TYPE_TABLET: 1080,
    playback_pb2.DEVICE_TYPE_TV: 1080,
}
"""The short side, in pixels, that a device begins with at most; the player goes higher by itself when it can."""

DEFAULT_HEIGHT = 720

GRANT_STEP: Final = 5
"""Seconds. Grants end at multiples of it."""


@dataclass(frozen=True, slots=True)
class GrantRules:
    """How long grants live, as configured."""

    lifetime: timedelta
    longest: timedelta

    def expiry(self, now: datetime, duration: timedelta) -> datetime:
        """The lifetime, or twice the video's length where that is longer, but never longer than the longest; a whole
        second.

        Put off to the next step where the longest allows it, so that all who ask within one step get one grant.
        """
        wanted = (now + max(self.lifetime, 2 * duration)).timestamp()
        stepped = math.ceil(wanted / GRANT_STEP) * GRANT_STEP
        return datetime.fromtimestamp(min(stepped, int((now + self.longest).timestamp())), UTC)


def decodable(files: Iterable[transcode_pb2.VideoFile], codecs: Sequence[str]) -> list[transcode_pb2.VideoFile]:
    """The files whose codec the device names, by RFC 6381 prefix; all where it names none.

    "avc1" fits "avc1.64001f"; "avc1.64" does too; "avc" fits nothing, as a prefix ends at a dot or inside a
    codec's parameters, never inside its name.
    """
    if not codecs:
        return list(files)
    wanted = [codec.lower() for codec in codecs]
    return [file for file in files if any(_fits(file.codec.lower(), prefix) for prefix in wanted)]


def _fits(codec: str, prefix: str) -> bool:
    name, _, _ = codec.partition(".")
    prefix_name, _, parameters = prefix.partition(".")
    return name == prefix_name and (not parameters or codec.startswith(prefix))


def require_watchable(files: Sequence[transcode_pb2.VideoFile]) -> None:
    """Raises FAILED_PRECONDITION (NO_DECODABLE_RENDITION) where the device is left with no picture to watch."""
    if not any(file.height for file in files):
        raise precondition(
            ErrorReason.ERROR_REASON_NO_DECODABLE_RENDITION,
            "This device names no codec in which the video can be played.",
        )


def start_quality(
    files: Sequence[transcode_pb2.VideoFile], wanted: str, device: playback_pb2.DeviceType.ValueType
) -> str:
    """The quality to begin with: the one that is wanted or the next lower one, else by the device; the lowest if all
    are higher. `files` has at least one picture.
    """
    pictures = sorted((f for f in files if f.height), key=lambda f: (_rank(f.quality), f.peak_bitrate))
    most = _rank(wanted) if wanted else DEVICE_HEIGHTS.get(device, DEFAULT_HEIGHT)
    fitting = [f for f in pictures if _rank(f.quality) <= most]
    return (fitting[-1] if fitting else pictures[0]).quality


def _rank(quality: str) -> int:
    found = re.match(r"\d+", quality)
    return int(found[0]) if found else 0


def choose_edge(edges: Sequence[Edge], came_through: str, country: str) -> Edge:
    """The edge to watch from: one that serves the viewer's country, else the one that the call came through, else the
    first.
    """
    for edge in edges:
        if country and country in edge.countries:
            return edge
    return next((edge for edge in edges if edge.name == came_through), edges[0])


def tracks(files: Iterable[transcode_pb2.VideoFile]) -> list[playback_pb2.Track]:
    """The files as a player sees them: pictures smallest first, then sound."""
    ordered = sorted(files, key=lambda f: (not f.height, _rank(f.quality), f.peak_bitrate))
    return [
        playback_pb2.Track(
            kind=playback_pb2.TRACK_KIND_VIDEO if file.height else playback_pb2.TRACK_KIND_AUDIO,
            quality=file.quality,
            codec=file.codec,
            peak_bitrate=file.peak_bitrate,
            width=file.width,
            height=file.height,
            frame_rate=file.frame_rate,
            language=file.language,
        )
        for file in ordered
    ]


def accepted(events: Sequence[playback_pb2.PlaybackEvent]) -> int:
    """The highest `seq` of a batch, which is what its acknowledgement names."""
    return max(event.seq for event in events)

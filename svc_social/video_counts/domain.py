"""When a video counts, and which of two words about it is the newer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vidmesh.upload.v1.video_pb2 import VIDEO_STATUS_PUBLISHED, VISIBILITY_PUBLIC, Video

BEFORE_EVENTS: Final = 0
"""The generation of what is known by an export: every event knows better, the first of a video included."""
PURGED: Final = 2**62
"""The generation of a video that is gone: nothing that is said of it is newer."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What is known of a video."""

    generation: int
    counted: bool


def counts(video: Video) -> bool:
    """Whether everybody finds the video on its channel: public, published, playable and not deleted."""
    return video.visibility == VISIBILITY_PUBLIC and video.status == VIDEO_STATUS_PUBLISHED


def newer(before: Noted | None, told: Noted) -> bool:
    """Whether `told` changes what is known.

    A video is read after its event came, so of two handlers the one with the later event has seen at least as much.
    """
    return before is None or (told.generation >= max(before.generation, 1) and told != before)

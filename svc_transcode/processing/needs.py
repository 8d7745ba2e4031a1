"""What a job needs of a worker, and which workers have it. Pure.

Workers that can do the same are one crew, and each crew takes jobs from a line of its own on the bus: so no job
reaches a worker that would have to refuse it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntFlag

from svc_transcode.media.coding import ENCODERS, Codec
from svc_transcode.processing import plan
from svc_transcode.processing.model import Head


class Need(IntFlag):
    """Beyond what every worker has: x264, and memory for a picture of usual size."""

    AV1 = 1
    """The encoder of AV1."""
    LARGE = 2
    """`LARGE_BYTES` of memory."""


NOTHING = Need(0)
EVERYTHING = Need.AV1 | Need.LARGE
NEEDS = tuple(Need(number) for number in range(EVERYTHING + 1))
"""Every combination."""

LARGE_PIXELS = 2560 * 1440
"""A source, or a rendition, with more than these takes more memory than a usual job."""
LARGE_BYTES = 2 << 30
"""For all renditions of 2160p together, with the decoder and the scalers."""

EVERY_WORKER = ENCODERS[Codec.H264]


@dataclass(frozen=True, slots=True)
class Crew:
    """Workers that can do the same."""

    ability: Need
    slots: int
    """Of all of them together; 0: nobody knows, as they do not say."""

    @property
    def name(self) -> str:
        """Part of the subjects of its jobs."""
        return crew_name(self.ability)

    def can(self, need: Need) -> bool:
        """Whether its workers have what a job needs."""
        return need & self.ability == need


ANYBODY = "any"
"""The crew of workers that do not say what they can do. Jobs go there only while no other worker was ever heard of."""


def crew_name(ability: Need) -> str:
    """ "plain", or what its workers have besides: "av1", "large", "av1-large"."""
    return "-".join(words(ability)) or "plain"


def words(need: Need) -> list[str]:
    """What is needed, in words."""
    return [str(one.name).lower() for one in Need if one in need]


def ability_of(encoders: Collection[str], memory_bytes: int) -> Need:
    """What a worker can do that has these encoders, and so much memory for a job."""
    found = Need.AV1 if ENCODERS[Codec.AV1] in encoders else NOTHING
    return found | Need.LARGE if memory_bytes >= LARGE_BYTES else found


def need_of(head: Head, place: int) -> Need:
    """What a job needs that has this place among the jobs of its video.

    Probes are taken by everybody: how large a picture is, is what they find out.
    """
    found = Need.AV1 if place == plan.PRIORITY_BESIDE else NOTHING
    if head.info is None or place == plan.PRIORITY_PROBE:
        return found
    video = head.info.video
    large = max(video.width * video.height, video.coded_width * video.coded_height) > LARGE_PIXELS
    return found | Need.LARGE if large else found

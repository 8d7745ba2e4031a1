"""What is told of the work. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from mesh.bus.letters import Kept
from svc_transcode.operating.counts import End
from svc_transcode.processing.model import JobRow
from svc_transcode.processing.needs import Need
from svc_transcode.processing.queue import Released
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob

Letter = Kept[TranscodeJob]

MENDED = frozenset({ErrorReason.ERROR_REASON_NOTHING_TO_RETRY, ErrorReason.ERROR_REASON_VIDEO_NOT_FOUND})
"""There is nothing that could be tried again."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """How the work gets on."""

    running: int
    workers: int
    ended: dict[End, int]
    unserved: tuple[Need, ...]
    """What some jobs that wait need, and no worker has."""


@dataclass(frozen=True, slots=True)
class Running:
    """A job that is out."""

    out: Released
    job: JobRow


@dataclass(frozen=True, slots=True)
class Dead:
    """A dead letter, and the job as far as it is still known."""

    letter: Letter
    job: JobRow | None


def rate(ended: dict[End, int], lately: timedelta) -> float:
    """Jobs finished a minute."""
    return ended.get(End.FINISHED, 0) / (lately / timedelta(minutes=1))

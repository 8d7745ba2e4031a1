"""Whose jobs go first. Pure.

A job has a place among those of its own video (`plan.PRIORITY_…`), and its video has an urgency; together they are its
priority in the queue. Smaller goes first.
"""

from __future__ import annotations

from enum import IntEnum

from svc_transcode.processing import plan
from svc_transcode.processing.model import Head

STEP = 10
"""Between two urgencies; a video's own jobs have fewer places."""


class Urgency(IntEnum):
    """What waits for a video's jobs."""

    LIVE = 0
    """People who watch while it is made."""
    UPLOAD = 1
    """A creator, for what cannot be watched as it should be yet."""
    AGAIN = 2
    """Nobody in particular: it can be watched, and something of it is made anew."""


def urgency(head: Head) -> Urgency:
    """What waits for the jobs of this run."""
    return Urgency.AGAIN if head.run > 1 and head.playable_time is not None else Urgency.UPLOAD


def in_queue(head: Head, place: int) -> int:
    """The priority in the queue of a job with this place among those of its video."""
    return urgency(head) * STEP + place


PATIENT = Urgency.UPLOAD * STEP + plan.PRIORITY_VERIFY
"""From this priority on nobody waits to watch. Such jobs have a share of their own, or they would never be done where
there is always an upload: its videos could be watched and never be PROCESSED."""

"""What people meant to do, and what they were told."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

PASSWORD = "correct horse battery"


class Fate(StrEnum):
    """What its owner does with an upload."""

    KEPT = "kept"
    NO_VIDEO = "no video"
    """Completed and kept, and its processing fails."""
    ABORTED = "aborted"
    """Given up in the middle."""
    LEFT_ALONE = "left alone"
    """Not gone on with, so that it expires."""
    DELETED = "deleted"
    """Completed, then deleted at some moment, and purged."""
    UNDELETED = "undeleted"
    """Deleted, and soon undeleted."""
    UNDELETED_LATE = "undeleted late"
    """Undeleted when it is about to be purged: it stays, or its owner is told that it is gone."""


DECK = (
    Fate.LEFT_ALONE,
    Fate.DELETED,
    Fate.ABORTED,
    Fate.UNDELETED_LATE,
    Fate.UNDELETED,
    Fate.NO_VIDEO,
    Fate.KEPT,
    Fate.KEPT,
)
"""Dealt out again and again, so that every fate comes about."""


@dataclass(slots=True)
class UploadTold:
    """What was acknowledged of one upload and its video."""

    fate: Fate
    file: Path
    upload_id: str = ""
    video_id: str = ""
    confirmed: set[int] = field(default_factory=set)
    ended: str = ""
    """ "completed", "aborted" or "expired"."""
    gone: bool = False
    """Whether its video is to be purged, or was when somebody asked."""
    title: str = ""
    visibility: str = "PRIVATE"
    client_deaths: int = 0

    @property
    def stays(self) -> bool:
        """Whether there is to be a video in the end."""
        return self.ended == "completed" and not self.gone


@dataclass(slots=True)
class Account:
    """A sign-up that was acknowledged."""

    handle: str
    channel_id: str
    token: str
    uploads: list[UploadTold] = field(default_factory=list)

    @property
    def email(self) -> str:
        return f"{self.handle}@example.org"

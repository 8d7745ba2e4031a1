"""What can go wrong with somebody's media, in words that somebody understands."""

from __future__ import annotations

import enum


class RejectReason(enum.StrEnum):
    """Why a source is refused for good. The source itself is at fault: trying again gives the same answer."""

    NOT_A_VIDEO = "NOT_A_VIDEO"
    """Text, pictures, subtitles, playlists, archives, sound alone in a sound format …"""
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    """A video container that is not on the list of those accepted."""
    UNSUPPORTED_CODEC = "UNSUPPORTED_CODEC"
    """The container is fine, but no accepted decoder exists for its picture."""
    TOO_LARGE_PICTURE = "TOO_LARGE_PICTURE"
    TOO_LONG = "TOO_LONG"
    DAMAGED = "DAMAGED"
    """Truncated, or so broken that its picture cannot be decoded."""
    NO_VIDEO_STREAM = "NO_VIDEO_STREAM"
    """A video container that holds sound (or data) alone."""
    EMPTY = "EMPTY"
    """Zero bytes, or a container without a single frame."""


class MediaError(Exception):
    """Base of everything this library raises about media."""


class MediaRejected(MediaError):  # noqa: N818  # what happened, not that it is an error
    """The source can never become a video here. `sentence` may be shown to the creator as it is."""

    def __init__(self, reason: RejectReason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


class PartUnavailable(MediaError):  # noqa: N818
    """A part of the source could not be had (not arrived, or deleted). The job may be run again later."""

    def __init__(self, index: int, why: str) -> None:
        super().__init__(f"part {index} of the source is not available: {why}")
        self.index = index
        self.why = why


class ChildFailed(MediaError):  # noqa: N818
    """The media child process did not give a result. Another attempt may succeed."""


class ChildCrashed(ChildFailed):
    """The child died: killed by `signal` (memory, CPU or file limit, or a fault in a codec), or by `exit_code`."""

    def __init__(self, signal: int | None, exit_code: int | None, stderr: str = "") -> None:
        how = f"signal {signal}" if signal is not None else f"exit code {exit_code}"
        super().__init__(f"the media process ended by {how}" + (f": {stderr}" if stderr else ""))
        self.signal = signal
        self.exit_code = exit_code
        self.stderr = stderr


class Spent(enum.StrEnum):
    """What of its limits a child used up."""

    MEMORY = "memory"
    """Its address space."""
    WORK = "work"
    """Its CPU time, which, unlike time by the clock, does not depend on what else the machine does."""


class ChildExhausted(ChildFailed):
    """The file takes more than one is given. Another attempt with the same limits ends in the same way."""

    def __init__(self, spent: Spent) -> None:
        super().__init__(f"the media process used up its {spent}")
        self.spent = spent


class ChildTimedOut(ChildFailed):
    """The child worked longer than its wall-clock limit (time spent waiting for parts is not counted)."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the media process did not finish within {seconds:g} s")
        self.seconds = seconds

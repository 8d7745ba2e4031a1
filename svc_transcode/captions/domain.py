"""What an upload is refused for, and the pages of a transcript. Pure; what a video has is `processing/captions.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mesh.errors import Fault, invalid
from svc_transcode.media.captions.cues import CaptionsRefused, Cue
from svc_transcode.processing.model import Caption
from vidmesh.common.v1.error_reason_pb2 import ErrorReason


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what captions say."""

    cues: Sequence[Cue]
    follows: bytes | None
    """Where the next page begins; None at the end."""


def page_of(caption: Caption, cues: Sequence[Cue], size: int, cursor: bytes | None) -> Page:
    """A page of at most `size` cues. Raises INVALID_PAGE_TOKEN where the cursor is of a text that was replaced."""
    first = 0
    if cursor is not None:
        path, _, number = cursor.decode().rpartition(":")
        if path != caption.path:
            sentence = "The captions were replaced. Start from the first page."
            raise invalid(ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN, sentence)
        first = int(number)
    end = first + size
    return Page(cues[first:end], f"{caption.path}:{end}".encode() if end < len(cues) else None)


def refusal(refused: CaptionsRefused) -> Fault:
    """INVALID_ARGUMENT (INVALID_CAPTIONS), with the line where it is one line's fault."""
    line = {} if refused.line is None else {"line": str(refused.line)}
    return invalid(ErrorReason.ERROR_REASON_INVALID_CAPTIONS, refused.sentence, **line)

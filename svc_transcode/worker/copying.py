"""What was made before of the same bytes is copied, where it is known and still there."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from svc_transcode import media as library
from svc_transcode.worker.pieces import Piece
from vidmesh.transcode.v1.transcode_service_pb2 import PartsRead

if TYPE_CHECKING:
    from vidmesh.transcode.v1.transcode_service_pb2 import StartJobResponse

MOST_PARTS: Final = 20_000
"""That are named in a message."""
_DIGITS: Final = 16


def encoder_name() -> str:
    """What results depend on besides the job and the file: the media library's own code, PyAV with the FFmpeg that it
    brings, and the kind of machine. Blocks for some milliseconds.
    """
    digest = hashlib.sha256()
    for file in sorted(Path(library.__file__).parent.glob("*.py")):
        digest.update(f"{file.name}\n".encode() + file.read_bytes())
    return f"{digest.hexdigest()[:_DIGITS]} av-{metadata.version('av')} {platform.machine()}"


def parts_read(encoder: str, sizes: Sequence[int], pieces: Mapping[int, Piece]) -> PartsRead:
    """What an attempt read: `pieces` by index, from 0, of a source whose parts have these `sizes`."""
    digest = hashlib.sha256(",".join(map(str, sizes)).encode())
    for index, piece in sorted(pieces.items()):
        digest.update(f"\n{index} {piece.sha256}".encode())
    return PartsRead(encoder=encoder, numbers=[index + 1 for index in sorted(pieces)], digest=digest.hexdigest())


def may_be_copied(begun: StartJobResponse, read: PartsRead) -> bool:
    """Whether an earlier result is of the same bytes."""
    return begun.HasField("earlier") and bool(read.numbers) and begun.earlier.read == read

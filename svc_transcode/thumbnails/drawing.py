"""A stranger's file to a JPEG of ours: read here in pure Python, decoded in a media child, and in no other process."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mesh.errors import unavailable
from svc_transcode.media import jobs as media
from svc_transcode.media.errors import ChildCrashed, ChildExhausted, ChildFailed, MediaRejected
from svc_transcode.media.limits import ChildLimits
from svc_transcode.media.pictures import jpeg
from svc_transcode.media.pictures.box import within
from svc_transcode.media.pictures.plain import MOST_PIXELS, PictureRefused, Plain, damaged
from svc_transcode.media.pictures.read import read
from svc_transcode.media.runner import run_child
from svc_transcode.worker.outputs import OutputError, read_checked

LIMITS: Final = ChildLimits(
    address_space=2 << 30, cpu_seconds=10, file_size=8 << 20, open_files=32, tasks=32, wall_seconds=30.0
)
"""Ten times what the largest picture takes."""
AT_ONCE: Final = 2
_FAULTS: Final = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGSYS, signal.SIGTRAP}
)
"""Ends by which a decoder says that it was led astray; of all others the machine is at fault."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A JPEG."""

    data: bytes
    width: int
    height: int


class Drawing:
    """Draws pictures, a few at a time."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def draw(self, content: bytes) -> Drawn:
        """The picture, drawn anew. Raises PictureRefused, and UNAVAILABLE where it is not the picture's fault."""
        async with self._turns:
            plain = await asyncio.to_thread(read, content)
            with tempfile.TemporaryDirectory(prefix="vidmesh-picture-") as folder:
                return await _drawn(plain, Path(folder))


async def _drawn(plain: Plain, folder: Path) -> Drawn:
    sources, work = folder / "source", folder / "work"
    part = sources / "picture"
    await asyncio.to_thread(_lay_out, part, work, plain.data)

    async def fetch(_: int) -> Path:
        return part

    # Decoders count with what they pad; the size itself was judged.
    bounds = media.Bounds(max_pixels=MOST_PIXELS + MOST_PIXELS // 4)
    source = media.Source((len(plain.data),), bounds)
    job = media.PictureJob(source, plain.codec.value, plain.width, plain.height, plain.orientation)
    try:
        made = await run_child(job, fetch, work, limits=LIMITS, sources=sources)
        return await asyncio.to_thread(_checked, job, made, work)
    except MediaRejected as refused:
        raise PictureRefused(refused.sentence) from refused
    except ChildExhausted as exhausted:
        raise PictureRefused("The picture takes too much to draw. Save it as an ordinary one.") from exhausted
    except (ChildFailed, OutputError) as failed:
        if isinstance(failed, OutputError) or (isinstance(failed, ChildCrashed) and failed.signal in _FAULTS):
            raise damaged() from failed
        raise unavailable("The picture could not be drawn just now. Try again shortly.") from failed


def _lay_out(part: Path, work: Path, data: bytes) -> None:
    part.parent.mkdir()
    work.mkdir()
    part.write_bytes(data)


def _checked(job: media.PictureJob, made: media.PictureMade, work: Path) -> Drawn:
    """What the child wrote, without anything that a JPEG can do without. It may have been taken over."""
    try:
        plain = jpeg.read(read_checked(work, made.file))
    except PictureRefused as refused:
        raise OutputError(refused.sentence) from refused
    upright = (job.height, job.width) if job.orientation > 4 else (job.width, job.height)
    if (plain.width, plain.height) != within(*upright, job.box):
        raise OutputError("it is no picture of the size that was asked for")
    return Drawn(plain.data, plain.width, plain.height)

"""The ffmpeg programme that imageio-ffmpeg brings, run in a folder: what ours is measured against, and its judge."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.harness.model import NothingToMeasure


class FfmpegFailed(Exception):  # noqa: N818 (it says what is the case)
    """ffmpeg ended with an error; the message is what it wrote."""


def programme() -> str:
    """Where it is. Raises NothingToMeasure where the wheel is not installed or has none for this machine."""
    try:
        import imageio_ffmpeg

        return imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise NothingToMeasure(f"there is no ffmpeg here to measure against ({error})") from error


async def ffmpeg(*words: str, folder: Path, niceness: int = 0) -> str:
    """Runs it in this folder to its end, so much nicer than this process; what it wrote to its standard error.

    Raises FfmpegFailed, NothingToMeasure.
    """
    process = await asyncio.create_subprocess_exec(
        *("nice", "-n", str(niceness), programme(), "-hide_banner", "-nostdin", "-nostats", "-y", *words),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, told = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = told.decode(errors="replace")
    if process.returncode:
        raise FfmpegFailed(text[-2000:])
    return text

"""How much of the source a rendition keeps: PSNR and VMAF, both at the source's size, and how many frames it has."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.parts.ffmpeg import ffmpeg

EVERY: Final = 5
"""VMAF looks at one frame in so many; PSNR and the count at all."""
_PSNR: Final = re.compile(r"PSNR y:([0-9.]+|inf)")
_FRAMES: Final = re.compile(r"frame=\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one rendition."""

    frames: int
    psnr: float
    """dB, of luma."""
    vmaf: float
    """0 to 100; six points are what most people notice."""
    size: int
    """Bytes."""


async def quality_of(rendition: Path, source: Path, size: tuple[int, int]) -> Quality:
    """Compared with the source, frame by frame, enlarged to its `size`. Raises FfmpegFailed."""
    enlarged = f"scale={size[0]}:{size[1]}:flags=bicubic,settb=AVTB,setpts=N"
    folder, log = rendition.parent, f"{rendition.stem}.vmaf.json"
    vmaf = f"libvmaf=log_fmt=json:log_path={log}:n_subsample={EVERY}:n_threads={os.cpu_count() or 1}"
    both = f"[0:v]{enlarged},split[a][b];[1:v]settb=AVTB,setpts=N,split[c][d]"
    graph = f"{both};[a][c]{vmaf}[e];[b][d]psnr=stats_file=none[f]"
    told = await ffmpeg(
        *("-v", "info", "-stats", "-i", rendition.name, "-i", str(source), "-filter_complex", graph),
        *("-map", "[e]", "-f", "null", "-", "-map", "[f]", "-f", "null", "-"),
        folder=folder,
    )
    pooled = json.loads((folder / log).read_text(encoding="utf-8"))["pooled_metrics"]["vmaf"]["mean"]
    psnr, frames = _PSNR.findall(told)[-1], _FRAMES.findall(told)[-1]
    return Quality(int(frames), float(psnr), float(pooled), size_of(rendition))


def size_of(file: Path) -> int:
    """Bytes."""
    return file.stat().st_size

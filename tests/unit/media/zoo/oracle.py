"""Another build of FFmpeg reads what was made, and the sources: linearly, from the beginning to the end."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_UNCHANGED = "out_color_matrix=bt709:out_range=tv"


@dataclass(frozen=True, slots=True)
class Played:
    """What a player got of a manifest."""

    pictures: dict[str, int]
    """Decoded, by the size of the rendition."""
    samples: list[int]
    """Decoded of each track of sound."""
    languages: list[str]
    """Of each track of sound; "" where the manifest says none."""
    complaints: str


def ffmpeg(*words: str | Path, folder: Path | None = None, level: str = "error") -> subprocess.CompletedProcess[str]:
    """Runs it to its end."""
    found = pytest.importorskip("imageio_ffmpeg", reason="no other build of FFmpeg is installed for this machine")
    command = [found.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-nostats", "-y", "-v", level, *map(str, words)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=500)


def play(manifest: Path) -> Played:
    """Every track of a manifest, decoded to its end."""
    # Of DASH, what this reader reaches the end of while it probes it reads again.
    options = ["-allowed_extensions", "ALL"] if manifest.suffix == ".m3u8" else ["-probesize", "32"]
    words = [*options, "-i", manifest.name, "-map", "0", "-fps_mode", "passthrough", "-f", "framecrc", "-"]
    told = ffmpeg(*words, folder=manifest.parent, level="info")
    inputs = told.stderr.partition("Output #0")[0]
    streams = re.findall(r"Stream #0:(\d+)(?:\[\w+\])?(?:\((\w+)\))?: (Video|Audio)", inputs)
    sizes = dict(re.findall(r"#dimensions (\d+): (\w+)", told.stdout))
    rows = [[field.strip() for field in line.split(",")] for line in told.stdout.splitlines() if line[:1].isdigit()]
    lengths = {n: [int(row[3]) for row in rows if row[0] == n] for n, _, _ in streams}
    numbers = {kind: [n for n, _, k in streams if k == kind] for kind in ("Video", "Audio")}
    return Played(
        pictures={sizes[n]: len(lengths[n]) for n in numbers["Video"]},
        samples=[sum(lengths[n]) for n in numbers["Audio"]],
        languages=[language for _, language, kind in streams if kind == "Audio"],
        complaints="\n".join(re.findall(r"^\[.*(?:rror|nvalid|orrupt|iscont).*$", told.stderr, flags=re.M)),
    )


def reference(source: Path, size: tuple[int, int], target: Path, deinterlaced: bool, options: str = _UNCHANGED) -> int:
    """Every picture of a source's video, upright, in square pixels and BT.709, as raw pictures; how many bytes."""
    width, height = size
    filters = ("bwdif=mode=send_frame:deint=all," if deinterlaced else "") + (
        f"scale={width}:{height}:flags=bicubic:{options},format=yuv420p"
    )
    words = ["-i", source, "-map", "0:v:0", "-vf", filters, "-fps_mode", "passthrough", "-f", "rawvideo", target]
    ffmpeg(*words)
    return target.stat().st_size


def psnr(made: Path, raw: Path, size: tuple[int, int]) -> list[float]:
    """Of each picture of `made` against the raw ones, in order, in dB."""
    width, height = size
    # Both said to be the same, or one would be converted.
    same = "settb=1/25,setpts=N,setparams=colorspace=bt709:range=tv"
    graph = f"[0:v]{same}[a];[1:v]{same}[b];[a][b]psnr=stats_file=-"
    words = ["-i", made, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-i", raw]
    told = ffmpeg(*words, "-lavfi", graph, "-fps_mode", "passthrough", "-f", "null", "-")
    return [float(value) for value in re.findall(r"psnr_avg:(\S+)", told.stdout)]

"""The encoding profiles against each other, and what many workers make of a profile's jobs.

Two sources: a real film, enlarged; and a picture that hardly moves, as of lectures and screens. CPU is that of media
children as workers start them; that of the samples, which lean chooses by once for a video, is a row of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from benchmarks.harness.measuring import Measured, interleave, own_cpu
from benchmarks.harness.model import Benchmark, Effort, Row, at_least, at_most
from benchmarks.parts.fleet import Fleet, efficiency
from benchmarks.parts.looking import look_seconds
from benchmarks.parts.quality import Quality, quality_of
from benchmarks.parts.renditions import Work, a_source, a_still_source, by_a_child, complexity_of
from mesh.config import load_settings
from svc_transcode.media.profiles import PROFILES

NOISE_VMAF: Final = 0.5
"""Points, a twelfth of what people notice."""
RATE: Final = 12
"""Mbit/s of the film, as editors export it for the web."""
WORKERS: Final = 1000
BETWEEN: Final = 0.1
"""Seconds of calls about a job, which were seen to take a few hundredths."""
VIDEOS, JOBS_EACH = 400, 75
"""Ten minutes each, in chunks of eight seconds."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Profiles on one source."""

    costs: Mapping[str, Measured]
    made: Mapping[str, Mapping[str, Quality]]
    """Profile → rendition."""

    def cpu(self, name: str) -> float:
        """Of a profile, × classic's."""
        return self.costs[name].cpu_ratio(self.costs["classic"])

    def worst_vmaf(self, name: str, suffix: str = "") -> float:
        """Of a profile's worst rendition, beyond classic's of the same size."""
        classic, other = self.made["classic"], self.made[name]
        return min(other[one + suffix].vmaf - classic[one].vmaf for one in classic if one + suffix in other)

    def bytes(self, name: str, suffix: str = "") -> float:
        """Of a profile's renditions, × classic's of the same sizes."""
        classic, other = self.made["classic"], self.made[name]
        both = [one for one in classic if one + suffix in other]
        return sum(other[one + suffix].size for one in both) / sum(classic[one].size for one in both)


async def _run(effort: Effort) -> Sequence[Row]:
    seconds, rounds = Fraction(effort.pick(8, 3)), effort.pick(3, 1)
    with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as temporary:
        folder = Path(temporary)
        preset = load_settings().transcode.preset
        film = await _compared(folder / "film", await a_source(_made(folder / "film"), seconds, preset, RATE), rounds)
        still_work = await a_still_source(_made(folder / "still"), seconds, preset)
        still = await _compared(folder / "still", still_work, rounds, only=("classic", "lean"))
        samples = await _samples(_made(folder / "samples"), film[0])
        alone, both = await _workers(_made(folder / "workers"), film[0], effort.pick(4, 2))
        look = await look_seconds(_made(folder / "look"), WORKERS, effort.pick(20, 5))
    walls = [cost.wall for cost in film[1].costs["classic"].costs]
    seconds_each = [share * wall for wall in walls for share in (0.6, 1.0, 1.4)]  # some pictures are harder
    fleet = Fleet(WORKERS, VIDEOS, JOBS_EACH, seconds_each, BETWEEN, look)
    return [
        Row("CPU of lean, a film", film[1].cpu("lean"), "× classic", at_most(0.6)),
        Row("VMAF of lean's worst rendition, a film", film[1].worst_vmaf("lean"), "beyond", at_least(-NOISE_VMAF)),
        Row("bytes of lean, a film", film[1].bytes("lean"), "× classic"),
        Row("CPU of lean, a still picture", still[1].cpu("lean"), "× classic", at_most(0.6)),
        Row("VMAF of lean's worst rendition, a still picture", still[1].worst_vmaf("lean"), "beyond"),
        Row("bytes of lean, a still picture", still[1].bytes("lean"), "× classic"),
        Row("CPU of the samples of one video", samples, "CPU-s"),
        Row("CPU of AV1 beside H.264, a film", film[1].cpu("av1"), "× classic"),
        Row("VMAF of AV1's worst rendition, a film", film[1].worst_vmaf("av1", "-av1"), "beyond classic's"),
        Row("bytes of AV1, a film", film[1].bytes("av1", "-av1"), "× classic"),
        Row("two workers of one thread each", alone / both, "× one", at_least(1.7)),
        Row(f"{WORKERS} workers that are played", await efficiency(fleet), "of their time is work", at_least(0.9)),
        Row("a look of the dispatcher with their jobs out", look, "s"),
    ]


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


async def _compared(
    folder: Path, work: Work, rounds: int, only: Sequence[str] = ("classic", "lean", "av1")
) -> tuple[Work, Compared]:
    made: dict[str, Mapping[str, Path]] = {}
    video = work.info.video
    complexity = await complexity_of(work, _made(folder / "samples"))

    def side(name: str):
        into = _made(folder / name)

        async def encode() -> float:
            profile = PROFILES[name]
            rungs = profile.rungs(video.width, video.height, complexity)
            made[name] = await by_a_child(replace(work, rungs=rungs), into)
            return float(work.info.video_duration)

        return encode

    costs = await interleave({name: side(name) for name in only}, rounds, warm_up=False)
    size = (video.width, video.height)
    judged = {
        name: {one: await quality_of(file, work.source, size) for one, file in files.items()}
        for name, files in made.items()
    }
    return work, Compared(costs, judged)


async def _samples(folder: Path, work: Work) -> float:
    """CPU-seconds."""
    before = own_cpu()
    await complexity_of(work, folder)
    return own_cpu() - before


async def _workers(folder: Path, work: Work, jobs: int) -> tuple[float, float]:
    """Seconds that so many jobs take one worker, and two."""

    async def several(name: str, count: int) -> None:
        for number in range(count):
            await by_a_child(work, _made(folder / f"{name}-{number}"))

    began = time.perf_counter()
    await several("alone", jobs)
    between = time.perf_counter()
    await asyncio.gather(several("one", jobs // 2), several("other", jobs // 2))
    return between - began, time.perf_counter() - between


BENCHMARK: Final = Benchmark("the encoding profiles against each other, and many workers on one's jobs", _run)

"""One media child for all rungs against one ffmpeg for each rung: CPU, and whether the same comes out."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from benchmarks.harness.measuring import Side, interleave
from benchmarks.harness.model import Benchmark, Effort, Row, at_least, at_most
from benchmarks.parts.quality import Quality, quality_of
from benchmarks.parts.renditions import Work, a_source, by_a_child, by_an_ffmpeg_each, settings_of
from mesh.config import load_settings

Renditions = Mapping[str, Path]
"""Rung → file."""

NOISE_VMAF: Final = 0.5
"""Points, a twelfth of what people notice: two builds of x264 and two ways to scale differ by less."""
NOISE_PSNR: Final = 0.1
"""dB."""
NOISE_SIZE: Final = 0.03
"""Share of the bytes: rate control on a few seconds comes no closer."""


CAMERA: Final = 24
"""Mbit/s of a source as cameras write it (AVCHD). The more there is to decode, the more one decode saves."""
EXPORTED: Final = 12
"""Mbit/s of a source as editors export it for the web."""


async def _run(effort: Effort) -> Sequence[Row]:
    # A worker's job is a chunk of eight seconds; starting its child weighs the more the shorter it is.
    seconds, rounds = Fraction(effort.pick(8, 4)), effort.pick(5, 2)
    rates = (EXPORTED,) if effort.quick else (EXPORTED, CAMERA)
    with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as temporary:
        folder = Path(temporary)
        made: dict[str, Renditions] = {}
        sides: dict[str, Side] = {}
        works: dict[int, Work] = {}
        for rate in rates:
            works[rate] = await a_source(folder, seconds, load_settings().transcode.preset, rate)
            for name, make in (("ours", by_a_child), ("each", by_an_ffmpeg_each)):
                into = folder / f"{name}-{rate}"
                into.mkdir()
                sides[into.name] = _side(works[rate], make, into, made)
        found = await interleave(sides, rounds, warm_up=False)
        work, ours, each = works[EXPORTED], f"ours-{EXPORTED}", f"each-{EXPORTED}"
        size = (work.info.video.width, work.info.video.height)
        compared = {
            rung.quality: tuple(
                [await quality_of(made[side][rung.quality], work.source, size) for side in (ours, each)]
            )
            for rung in work.rungs
        }
        same = [settings_of(made[ours][one]) == settings_of(made[each][one]) for one in compared]
    costs: list[Row] = []
    for rate in rates:
        one, many = found[f"ours-{rate}"], found[f"each-{rate}"]
        costs += [
            Row(
                f"CPU of one child for all rungs, {rate} Mbit/s", one.cpu_ratio(many), "× an ffmpeg each", at_most(0.85)
            ),
            Row(f"ours, {rate} Mbit/s", one.cpu_per, "CPU-s per second of video"),
            Row(f"an ffmpeg for each rung, {rate} Mbit/s", many.cpu_per, "CPU-s per second of video"),
        ]
    return [
        *costs,
        Row("rungs whose x264 settings are the same", float(sum(same)), f"of {len(same)}", at_least(len(same))),
        *_outcome(compared),
    ]


def _side(
    work: Work, make: Callable[[Work, Path], Awaitable[Renditions]], folder: Path, made: dict[str, Renditions]
) -> Side:
    async def side() -> float:
        made[folder.name] = await make(work, folder)
        return float(work.info.video_duration)

    return side


def _outcome(compared: Mapping[str, tuple[Quality, ...]]) -> list[Row]:
    """Ours against the other, rung by rung; the worst rung counts."""
    pairs = [(ours, each) for ours, each in compared.values()]
    rows = [
        Row("frames that differ in number", max(abs(a.frames - b.frames) for a, b in pairs), "", at_most(0)),
        Row(
            "VMAF of the worst rung",
            min(a.vmaf - b.vmaf for a, b in pairs),
            "beyond the other's",
            at_least(-NOISE_VMAF),
        ),
        Row("PSNR of the worst rung", min(a.psnr - b.psnr for a, b in pairs), "dB beyond", at_least(-NOISE_PSNR)),
        Row(
            "bytes of the rung that differs most",
            max(a.size / b.size for a, b in pairs),
            "× the other's",
            at_most(1 + NOISE_SIZE),
        ),
    ]
    for quality, (ours, each) in compared.items():
        rows.append(Row(f"VMAF at {quality}, ours", ours.vmaf, f"the other's {each.vmaf:.2f}"))
        rows.append(Row(f"PSNR at {quality}, ours", ours.psnr, f"dB, the other's {each.psnr:.2f}"))
    return rows


BENCHMARK: Final = Benchmark("one child for all rungs against one ffmpeg for each, at the same settings", _run)

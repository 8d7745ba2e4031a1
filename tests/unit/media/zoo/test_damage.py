"""Cut off or with bits turned: each file comes to a right end, and no child is lost over it.

Right is one of two: it is refused in a sentence that its owner can read, or it becomes a video that plays to its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from svc_transcode.media import jobs as media
from svc_transcode.media.errors import MediaRejected, RejectReason
from svc_transcode.media.limits import ChildLimits
from svc_transcode.media.runner import run_child
from svc_transcode.processing.passes import WHOLE
from svc_transcode.processing.plan import passes_of, plan, rungs_of

from .damage import Damage, damages
from .kinds import Kind
from .pipeline import OPTIONS
from .table import KINDS, TORN

ALL = [(kind, damage) for kind in (*KINDS, *TORN) for damage in damages(10)]
"""Each kind at twenty places."""
EACH = len(ALL) // len({kind.name for kind, _ in ALL})
QUICK = [ALL[(place * EACH + 7 * place) % len(ALL)] for place in range(3, len(KINDS), 6)]
"""Some kinds, each at a place of its own."""
LIMITS = ChildLimits(cpu_seconds=120, wall_seconds=400)
MANY = 200
"""Jobs of a file whose few seconds have become hours."""
SOON = pytest.mark.timeout(600)


@SOON
@pytest.mark.parametrize(("kind", "damage"), QUICK, ids=str)
async def test_a_damaged_file_comes_to_a_right_end(
    kind: Kind, damage: Damage, source: Callable[[Kind], Path], tmp_path: Path
) -> None:
    await comes_to_an_end(damage.of(source(kind).read_bytes()), tmp_path)


@pytest.mark.soak
@SOON
@pytest.mark.parametrize(("kind", "damage"), ALL, ids=str)
async def test_whatever_is_damaged_comes_to_a_right_end(
    kind: Kind, damage: Damage, source: Callable[[Kind], Path], tmp_path: Path
) -> None:
    await comes_to_an_end(damage.of(source(kind).read_bytes()), tmp_path)


async def comes_to_an_end(data: bytes, folder: Path) -> None:
    """Raises ChildFailed where a child is lost."""
    path = folder / "damaged"
    path.write_bytes(data)
    result = await child(media.ProbeJob(media.Source((len(data),))), [path], folder / "probe")
    if isinstance(result, MediaRejected):
        assert refused_well(result)
        return
    assert isinstance(result, media.Probed)
    rungs = rungs_of(result, OPTIONS)
    planned = plan(result.info, OPTIONS, 1, rungs, passes_of(result.info, rungs, WHOLE))
    made: dict[str, list[tuple[media.TrackMade, Path]]] = {}
    refused: set[str] = set()
    if len(planned.jobs) > MANY:
        return  # a clock that jumps ahead makes a long video of few pictures: each of its jobs is like those of others
    for row in planned.jobs:
        job = media.from_json(media.JOB, row.spec)
        result = await child(
            replace(job, source=replace(job.source, part_sizes=(len(data),))), [path], folder / row.name
        )
        if isinstance(result, MediaRejected):
            assert refused_well(result)
            refused |= set(row.tracks)
            continue
        for name, track in zip(row.tracks, tracks_of(result), strict=False):
            made.setdefault(name, []).append((track, folder / row.name))
    whole = made.keys() - refused
    for name in whole:
        await plays(made[name], folder / "played")
    pictures = {track.name for track in planned.tracks if track.is_picture}
    assert whole & pictures or refused & pictures


def refused_well(refused: MediaRejected) -> bool:
    """As its owner reads it."""
    return refused.reason in RejectReason and refused.sentence.endswith(".")


def tracks_of(result: media.Result) -> tuple[media.TrackMade, ...]:
    """In the order of the job's."""
    match result:
        case media.VideoMade(tracks=tracks):
            return tracks
        case media.AudioMade(track=track) if track is not None:
            return (track,)
        case _:
            return ()


async def plays(tracks: list[tuple[media.TrackMade, Path]], work: Path) -> None:
    """All of a track is decoded."""
    first, folder = tracks[0]
    files = [folder / first.init.path, *(at / one.file.path for track, at in tracks for one in track.segments)]
    result = await child(media.VerifyJob(media.Source(tuple(file.stat().st_size for file in files))), files, work)
    assert isinstance(result, media.Verified), result
    assert result.frames > 0


async def child(job: media.Job, files: list[Path], work: Path) -> media.Result | MediaRejected:
    """What a child makes of it."""

    async def fetch(index: int) -> Path:
        return files[index]

    await asyncio.to_thread(work.mkdir, exist_ok=True)
    try:
        return await run_child(job, fetch, work, limits=LIMITS)  # pyright: ignore[reportCallIssue, reportArgumentType]
    except MediaRejected as refused:
        return refused

"""How loud sound is that was made in pieces, and its making anew at the loudness that all have. Pure.

A track that is made while its file arrives keeps its own level at first, for how loud it is is known when all was
heard. It is published so, because whoever waits wants to watch; then it is judged, and made anew where it is off. What
comes out is measured and judged again: the limiter takes some loudness away, and nothing says before how much.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from pydantic import TypeAdapter

from svc_transcode.media import jobs as media
from svc_transcode.media.gating import integrated
from svc_transcode.media.level import MOST_GAIN, TARGET
from svc_transcode.processing import plan
from svc_transcode.processing.model import JobRow, JobState, Leveling, Made, Track, TrackState
from svc_transcode.processing.packaging import newest

NEAR_ENOUGH: Final = 1.0
"""LU that sound may be off and is not made anew."""
NEAR: Final = 0.5
"""LU that sound may be off that was made anew, and is not made anew again."""
MOST_LEVELS: Final = 2
"""How often a track is made anew."""

_AUDIO_JOB: Final[TypeAdapter[media.AudioJob]] = TypeAdapter(media.AudioJob)


def wanted(track: Track) -> bool:
    """Whether it remains to be judged."""
    return track.state is TrackState.PUBLISHED and not track.is_final and track.leveling is None


def judged(track: Track, jobs: Iterable[JobRow]) -> Track:
    """The track as it is to stay, or with the leveling that is due. Sound that was not measured stays as it is."""
    blocks = [result.blocks for job in newest(track, jobs).values() if (result := _made(job)) is not None]
    loudness = integrated(one for one in blocks if one is not None) if blocks and all(blocks) else None
    gain = track.gain if loudness is None else _gain(track, TARGET - loudness)
    return replace(track, leveled=True) if gain == track.gain else replace(track, leveling=Leveling(gain))


def _gain(track: Track, off: float) -> int:
    """Hundredths of dB."""
    if track.level >= MOST_LEVELS or abs(off) <= (NEAR if track.level else NEAR_ENOUGH):
        return track.gain
    return min(round(MOST_GAIN * 100), track.gain + round(off * 100))


def pieces(track: Track, jobs: Iterable[JobRow], run: int) -> tuple[JobRow, ...]:
    """The jobs of a leveling that is due."""
    if track.leveling is None:
        return ()
    level, gain, stem = track.level + 1, track.leveling.gain, track.name.replace("audio", "a")
    return tuple(
        replace(
            plan.anew(job, f"{stem}-l{level}-{chunk:05d}", run),
            priority=plan.PRIORITY_REST,
            spec=media.to_json(media.JOB, replace(_AUDIO_JOB.validate_json(job.spec), gain=gain)),
            level=level,
        )
        for chunk, job in sorted(newest(track, jobs).items())
    )


def is_due(track: Track, job: JobRow) -> bool:
    """Whether this job's piece of a leveling is waited for."""
    return track.state is TrackState.PUBLISHED and track.leveling is not None and job.level == track.level + 1


def piece_made(track: Track, job: JobRow) -> Track:
    """A piece is made. With the last one the track is what was made anew, and is published as that."""
    if not is_due(track, job) or track.leveling is None:
        return track
    due = replace(track.leveling, done=track.leveling.done + 1)
    if due.done < track.chunks:
        return replace(track, leveling=due)
    return replace(track, state=TrackState.MADE, level=job.level, gain=due.gain, leveling=None)


def given_up(track: Track) -> Track:
    """A piece cannot be made: the track stays as it is, which is no failure."""
    return replace(track, leveling=None, leveled=True)


def is_replaced(tracks: Mapping[str, Track], job: JobRow) -> bool:
    """Whether what a job made was made anew since, at another level."""
    return any(name in tracks and job.level < tracks[name].level for name in job.tracks)


def is_current(tracks: Mapping[str, Track], job: JobRow) -> bool:
    """Whether what a job made is at the level that its tracks have."""
    return all(name not in tracks or job.level == tracks[name].level for name in job.tracks)


def _made(job: JobRow) -> media.AudioMade | None:
    made = job.made or Made("", "")
    result = media.from_json(media.RESULT, made.result) if job.state is JobState.DONE else None
    return result if isinstance(result, media.AudioMade) else None

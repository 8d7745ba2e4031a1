"""From which rendition a storyboard is made, when, and what is read of it. Pure."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from svc_transcode.media import jobs as media
from svc_transcode.media.storyboard import stride, tile_size
from svc_transcode.processing import plan
from svc_transcode.processing.model import Head, JobRow, TrackState
from svc_transcode.processing.packaging import Gathered, Objects


def wanted(head: Head) -> JobRow | None:
    """The job of this run that is to make the storyboard; None where there is one, or nothing yet to make it from.

    It is made from the smallest rendition that was not given up, once that is published. Where that one is given up
    after all, because it cannot be read back, the next one has a job of its own.
    """
    if head.storyboard:
        return None
    smallest = next((t for t in head.tracks if t.is_picture and t.state is not TrackState.FAILED), None)
    if smallest is None or smallest.state not in {TrackState.PUBLISHED, TrackState.VERIFIED}:
        return None
    return plan.storyboard_job(smallest.name, head.run)


def work(gathered: Gathered, bounds: media.Bounds) -> tuple[str, Objects]:
    """What to do, in JSON without the source, and what to read: the initialization segment, and the segments that get
    a tile.
    """
    rung, scale = gathered.track.rung, gathered.shape.timescale
    if rung is None:
        raise ValueError("sound has no storyboard")
    init, *objects = gathered.objects
    segments, every = gathered.segments, stride(len(objects))
    width, height = tile_size(rung.width, rung.height)
    spec = media.StoryboardJob(
        replace(plan.NO_SOURCE, bounds=bounds),
        starts=tuple(Fraction(segment.start, scale) for segment in segments[::every]),
        end=Fraction(segments[-1].start + segments[-1].duration, scale),
        width=width,
        height=height,
    )
    return media.to_json(media.JOB, spec), (init, *objects[::every])

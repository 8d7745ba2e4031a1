"""From what StartJob says to a job of the media library. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from svc_transcode.media import jobs as media
from svc_transcode.media.storyboard import Layout
from svc_transcode.worker.pieces import Piece
from svc_transcode.worker.sources import Source
from vidmesh.transcode.v1.transcode_pb2 import JobKind

if TYPE_CHECKING:
    from vidmesh.transcode.v1.transcode_service_pb2 import StartJobResponse

_RESULTS: Final[dict[type[media.Job], type[media.Result]]] = {
    media.ProbeJob: media.Probed,
    media.VideoJob: media.VideoMade,
    media.AudioJob: media.AudioMade,
    media.ThumbnailJob: media.ThumbnailsMade,
    media.VerifyJob: media.Verified,
    media.StoryboardJob: media.StoryboardMade,
    media.CaptionsJob: media.CaptionsMade,
    media.DownloadJob: media.DownloadMade,
    media.PictureJob: media.PictureMade,
}
READERS: Final = frozenset({JobKind.JOB_KIND_VERIFY, JobKind.JOB_KIND_STORYBOARD, JobKind.JOB_KIND_DOWNLOAD})
"""The kinds of jobs whose source is not the upload but what was made of it."""


@dataclass(frozen=True, slots=True)
class Order:
    """A job, and the pieces that are the parts of its source."""

    job: media.Job
    pieces: tuple[Piece | None, ...]
    """None for a part that had not arrived."""
    complete: bool = True
    """Every part is there, for good."""


def reading_back(begun: StartJobResponse, bucket: str, bounds: media.Bounds) -> Order:
    """A job of `READERS`: its source is what was stored. Raises ValueError where that is nothing, or no such job."""
    if not begun.objects:
        raise ValueError("there is nothing to read back")
    pieces = tuple(
        Piece(bucket, f"v/{begun.video_id}/{stored.path}", stored.size_bytes, stored.sha256) for stored in begun.objects
    )
    source = media.Source(_sizes(pieces), bounds)
    if begun.kind == JobKind.JOB_KIND_VERIFY:
        return Order(media.VerifyJob(source), pieces)
    return Order(replace(media.from_json(media.JOB, begun.spec), source=source), pieces)


def working_on(begun: StartJobResponse, source: Source) -> Order:
    """Any other job: its spec travels without the source. Raises pydantic.ValidationError."""
    job = media.from_json(media.JOB, begun.spec)
    if isinstance(job, media.ProbeJob) and not source.complete:
        # Samples of the whole are to be had of the whole alone, and nobody is to wait for that.
        job = replace(job, measured=False)
    pieces = tuple(source.pieces.get(index) for index in range(len(source.sizes)))
    return Order(replace(job, source=replace(job.source, part_sizes=source.sizes)), pieces, source.complete)


def fits(job: media.Job, result: media.Result) -> bool:
    """Whether this is the kind of result that the job has: a child's word is not to be relied on."""
    if isinstance(job, media.StoryboardJob) and isinstance(result, media.StoryboardMade):
        return len(result.sheets) == Layout.of(len(job.starts)).sheets
    if isinstance(job, media.CaptionsJob) and isinstance(result, media.CaptionsMade):
        asked = [track.stream_index for track in job.tracks]
        made = [track.stream_index for track in result.tracks]
        return made == [index for index in asked if index in made]
    if isinstance(job, media.DownloadJob) and isinstance(result, media.DownloadMade):
        return result.file.path == job.name
    return isinstance(result, _RESULTS[type(job)])


def told(result: media.Result, complete: bool) -> str:
    """A result in the form that is recorded. A probe's index, megabytes for a long video, says what can be begun with
    before the source is complete; afterwards nobody reads it.
    """
    if isinstance(result, media.Probed) and complete:
        result = replace(result, info=result.info.bare())
    return media.to_json(media.RESULT, result)


def _sizes(pieces: Sequence[Piece]) -> tuple[int, ...]:
    return tuple(piece.size for piece in pieces)

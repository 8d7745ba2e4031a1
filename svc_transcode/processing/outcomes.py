"""What the end of a job means for its video: the head as it becomes, and the facts to tell. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from google.protobuf.message import Message
from pydantic import ValidationError

from mesh.errors import invalid_field
from svc_transcode.media import jobs as media
from svc_transcode.media.chapters import tidied
from svc_transcode.media.storyboard import NAME
from svc_transcode.processing import captions, domain, downloads, leveling, pictures, plan, view
from svc_transcode.processing.model import Failure, Head, JobRow, Kind, Made, Still, TrackFile
from svc_transcode.processing.passes import Pace, seconds_left
from vidmesh.transcode.v1 import transcode_events_pb2 as events

Outcome = tuple[Head, tuple[Message, ...]]

RESULTS: dict[Kind, type[media.Result]] = {
    Kind.PROBE: media.Probed,
    Kind.VIDEO: media.VideoMade,
    Kind.AUDIO: media.AudioMade,
    Kind.THUMBNAILS: media.ThumbnailsMade,
    Kind.VERIFY: media.Verified,
    Kind.STORYBOARD: media.StoryboardMade,
    Kind.CAPTIONS: media.CaptionsMade,
    Kind.DOWNLOAD: media.DownloadMade,
}


def read(job: JobRow, text: str) -> media.Result:
    """The result of a job from its JSON form. Raises INVALID_ARGUMENT for what that job cannot have made."""
    try:
        result = media.from_json(media.RESULT, text)
    except ValidationError:
        raise invalid_field("result", "It is no result of a job.") from None
    made = set(job.tracks)
    # No picture at all may begin in a chunk, where one is held for long: then there is nothing to make of it.
    if isinstance(result, media.VideoMade) and (result.tracks or result.frames):
        made = {track.quality for track in result.tracks}
    if not isinstance(result, RESULTS[job.kind]) or made != set(job.tracks):
        raise invalid_field("result", "It is the result of another job.")
    return result


def probed(head: Head, result: media.Probed, made: plan.Plan) -> Outcome:
    """The source is known."""
    info = result.info.bare()
    told = events.SourceProbed(video_id=head.video_id)
    told.duration.FromNanoseconds(view.nanoseconds(info.duration))
    arrival = None if head.complete else head.arrival
    # Once more: whoever took a media process over says what it likes.
    chapters = tidied(result.chapters, info.duration)
    return domain.planned(replace(head, info=info, arrival=arrival, chapters=chapters), made), (told,)


def recorded(job: JobRow, made: Made) -> Made:
    """What is recorded of what a job made: of a probe all but its index, which is megabytes for a long video."""
    result = read(job, made.result) if job.kind is Kind.PROBE else None
    if not isinstance(result, media.Probed):
        return made
    return replace(made, result=media.to_json(media.RESULT, replace(result, info=result.info.bare())))


def pixels(head: Head, job: JobRow) -> int:
    """How many a job encoded of renditions that every player plays: others say nothing of how soon those are done."""
    if job.kind is not Kind.VIDEO or job.made is None:
        return 0
    result = media.from_json(media.RESULT, job.made.result)
    frames = result.frames if isinstance(result, media.VideoMade) else 0
    rungs = [head.track(name).rung for name in job.tracks]
    return frames * sum(rung.width * rung.height for rung in rungs if rung is not None and not rung.beside)


def pace(head: Head, pixels_a_second: float, now: datetime) -> Pace:
    """How the upload and the workers get on."""
    if head.complete or head.arrival is None:
        return Pace(0.0, pixels_a_second)
    seconds = (now - head.start_time).total_seconds()
    there, first = head.arrival.bytes, head.arrival.first_bytes
    return Pace(seconds_left(head.size, there, first, seconds), pixels_a_second)


def made(head: Head, job: JobRow, result: media.Result, left: Made, now: datetime) -> Outcome:
    """There is what a job made that is known by its result alone."""
    match result:
        case media.ThumbnailsMade():
            return stills(head, result, left, now)
        case media.StoryboardMade():
            return storyboard(head, left)
        case media.CaptionsMade():
            return captions.found(head, result, left, now), ()
        case media.DownloadMade():
            return downloads.made(head, job, result, left, now), ()
        case _:
            return domain.chunk_made(head, job), ()


def stills(head: Head, result: media.ThumbnailsMade, made: Made, now: datetime) -> Outcome:
    """There are stills to choose from; the first is shown where no other is."""
    found = (Still(f"{made.folder}/{t.file.path}", t.width, t.height, t.time) for t in result.thumbnails)
    return pictures.decided(head, pictures.suggested(head, found), now)


def storyboard(head: Head, made: Made) -> Outcome:
    """There is a storyboard."""
    after = replace(head, storyboard=f"{made.folder}/{NAME}")
    return after, (events.StoryboardMade(video_id=head.video_id, path=after.storyboard),)


def read_back(head: Head, job: JobRow, result: media.Verified, recorded: TrackFile | None) -> Outcome:
    """A track was decoded to its end: as many pictures as were encoded, or it is not what was recorded."""
    name = job.tracks[0]
    if recorded is None or (recorded.samples and recorded.samples != result.frames):
        return domain.track_failed(head, name, domain.NOT_READ_BACK), ()
    return domain.read_back(head, name), ()


def given_up(head: Head, job: JobRow, permanent: bool, now: datetime) -> Outcome:
    """A job is failed for good. The creator reads the reason where the file is at fault, and a plain word otherwise."""
    failure = job.failure if permanent and job.failure else domain.PROCESSING_FAILED
    match job.kind:
        case Kind.PROBE:
            after = domain.failed(head, failure, now)
            return after, (finished(after),)
        case Kind.AUDIO if job.level:
            return head.with_track(leveling.given_up(head.track(job.tracks[0]))), ()
        case Kind.VIDEO | Kind.AUDIO:
            return domain.track_failed(head, job.tracks[0], failure), ()
        case Kind.VERIFY:
            return domain.track_failed(head, job.tracks[0], domain.NOT_READ_BACK), ()
        case Kind.DOWNLOAD:
            return downloads.given_up(head, job), ()
        case Kind.THUMBNAILS | Kind.STORYBOARD | Kind.CAPTIONS:
            return head, ()


def finished(head: Head) -> events.ProcessingFinished:
    """Processing ended, either way."""
    return events.ProcessingFinished(video_id=head.video_id, failure_reason=view.failure_reason(head), run=head.run)


def plain(reason: str, sentence: str) -> Failure:
    """What a worker says went wrong."""
    return Failure(reason.removeprefix("FAILURE_REASON_"), sentence or domain.PROCESSING_FAILED.sentence)

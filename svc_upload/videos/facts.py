"""What processing says about a video, as pure rules. Events come twice, late and out of order: each rule drops what is
older than what the record knows, so applying any of them again changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from google.protobuf.message import Message

from svc_upload.videos.domain import Still, VideoRecord
from vidmesh.transcode.v1.transcode_events_pb2 import (
    ProcessingFinished,
    ProcessingRestarted,
    RenditionPublished,
    SourceProbed,
    StillsMade,
)
from vidmesh.transcode.v1.transcode_pb2 import FailureReason
from vidmesh.upload.v1.video_pb2 import ProcessingState, Visibility

FAILURES: Final = {
    FailureReason.FAILURE_REASON_NOT_A_VIDEO: "The file is not a video.",
    FailureReason.FAILURE_REASON_UNSUPPORTED: "The file's format or codec is not supported.",
    FailureReason.FAILURE_REASON_TOO_LARGE: "The video has too many pixels, or is too long.",
    FailureReason.FAILURE_REASON_DAMAGED: "The file is damaged or cut off.",
    FailureReason.FAILURE_REASON_PROCESSING: "Processing kept failing. The file is kept and can be tried again.",
    FailureReason.FAILURE_REASON_TOO_DEMANDING: "The file takes more memory or work to process than one file is given.",
}


def failure_message(record: VideoRecord) -> str:
    """Why processing failed, for the creator; empty where it did not."""
    if record.state != ProcessingState.PROCESSING_STATE_FAILED:
        return ""
    return FAILURES.get(record.failure, "Processing failed.")


def uploaded(record: VideoRecord) -> VideoRecord:
    """Every part is there. Processing may have spoken first, and then nothing changes."""
    if record.state != ProcessingState.PROCESSING_STATE_UPLOADING:
        return record
    return replace(record, state=ProcessingState.PROCESSING_STATE_PROCESSING)


def told(record: VideoRecord, message: Message, time: datetime) -> VideoRecord:
    """The record after an event of svc_transcode that was published at `time`; others change nothing."""
    match message:
        case SourceProbed():
            return replace(record, duration_nanos=message.duration.ToNanoseconds())
        case StillsMade():
            return _pictured(record, message, time)
        case RenditionPublished():
            return _playable(record, message.playable_time.ToDatetime(UTC))
        case ProcessingRestarted():
            return _restarted(record, message.run)
        case ProcessingFinished():
            return _finished(record, message.run, message.failure_reason)
        case _:
            return record


def _pictured(record: VideoRecord, message: StillsMade, time: datetime) -> VideoRecord:
    # Before pictures could be chosen, events did not say when it was decided.
    decided = message.decide_time.ToDatetime(UTC) if message.HasField("decide_time") else time
    if record.still_made is not None and record.still_made >= decided:
        return record
    still = Still(message.path, message.width, message.height) if message.path else None
    return replace(record, still=still, still_made=decided)


def _playable(record: VideoRecord, time: datetime) -> VideoRecord:
    if record.playable_time is not None:
        return record
    public = record.visibility == Visibility.VISIBILITY_PUBLIC
    return replace(record, playable_time=time, publish_time=record.publish_time or (time if public else None))


def _restarted(record: VideoRecord, run: int) -> VideoRecord:
    if run <= max(record.run, record.finished_run):
        return record
    return replace(
        record,
        run=run,
        state=ProcessingState.PROCESSING_STATE_PROCESSING,
        failure=FailureReason.FAILURE_REASON_UNSPECIFIED,
    )


def _finished(record: VideoRecord, run: int, failure: FailureReason.ValueType) -> VideoRecord:
    if run < record.run or run <= record.finished_run:
        return record
    failed = failure != FailureReason.FAILURE_REASON_UNSPECIFIED
    return replace(
        record,
        run=run,
        finished_run=run,
        failure=failure,
        state=ProcessingState.PROCESSING_STATE_FAILED if failed else ProcessingState.PROCESSING_STATE_PROCESSED,
    )

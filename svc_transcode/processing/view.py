"""How heads and tracks are shown in the contract's messages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from fractions import Fraction

from svc_transcode.media.package import MASTER, MPD
from svc_transcode.processing import captions, pictures
from svc_transcode.processing.model import Head, State, Track, TrackFile, TrackState
from vidmesh.transcode.v1 import transcode_pb2 as pb
from vidmesh.transcode.v1 import transcode_service_pb2 as rpc
from vidmesh.upload.v1 import video_pb2

STATES = {
    State.PROBING: video_pb2.PROCESSING_STATE_PROCESSING,
    State.ENCODING: video_pb2.PROCESSING_STATE_PROCESSING,
    State.PROCESSED: video_pb2.PROCESSING_STATE_PROCESSED,
    State.FAILED: video_pb2.PROCESSING_STATE_FAILED,
}

ENCODING_SHARE = 0.95
"""Of the progress; reading back is the rest."""


def processing(head: Head, sequence: int, running: Mapping[str, Mapping[str, float]]) -> pb.Processing:
    """The whole as clients see it. `running`: for each track, how far its unfinished chunks are."""
    shares = {track.name: _share(track, running.get(track.name, {})) for track in head.tracks}
    cost = sum(track.cost for track in head.tracks) or 1
    share = sum(shares[track.name] * track.cost for track in head.tracks) / cost
    verified = sum(track.cost for track in head.tracks if track.state.settled) / cost
    answer = pb.Processing(
        video_id=head.video_id,
        state=STATES[head.state] if head.complete else video_pb2.PROCESSING_STATE_UPLOADING,
        progress=1.0 if head.state is State.PROCESSED else ENCODING_SHARE * share + (1 - ENCODING_SHARE) * verified,
        renditions=[_rendition(track, shares[track.name]) for track in head.tracks],
        manifest_generation=head.generation,
        sequence=sequence,
    )
    answer.start_time.FromDatetime(head.start_time)
    if head.failure:
        answer.failure_message = head.failure.sentence
        answer.failure_reason = failure_reason(head)
    if head.playable_time:
        answer.playable_time.FromDatetime(head.playable_time)
    if head.end_time:
        answer.end_time.FromDatetime(head.end_time)
    if head.info:
        answer.duration.FromNanoseconds(nanoseconds(head.info.duration))
    return answer


def failure_reason(head: Head) -> pb.FailureReason.ValueType:
    """Why it failed, for programs."""
    return pb.FailureReason.Value(f"FAILURE_REASON_{head.failure.reason}") if head.failure else 0  # type: ignore[return-value]


def _share(track: Track, running: Mapping[str, float]) -> float:
    if track.state is not TrackState.WAITING:
        return 1.0
    return min(1.0, (track.done + sum(running.values())) / max(1, track.chunks))


def _rendition(track: Track, share: float) -> pb.RenditionProgress:
    if track.state is TrackState.FAILED:
        state = pb.RENDITION_STATE_FAILED
    elif track.state in {TrackState.PUBLISHED, TrackState.VERIFIED}:
        state = pb.RENDITION_STATE_PUBLISHED
    else:
        state = pb.RENDITION_STATE_ENCODING if share > 0 else pb.RENDITION_STATE_QUEUED
    return pb.RenditionProgress(
        quality=track.name,
        state=state,
        progress=share,
        failure_message=track.failure.sentence if track.failure else "",
    )


def files(head: Head, tracks: Iterable[TrackFile]) -> list[pb.VideoFile]:
    """The published tracks, pictures from small to large, then sound; without URLs."""
    shown = {track.name: number for number, track in enumerate(head.tracks) if _is_shown(track)}
    return [_file(head, file) for file in sorted((f for f in tracks if f.name in shown), key=lambda f: shown[f.name])]


def _is_shown(track: Track) -> bool:
    return track.state in {TrackState.PUBLISHED, TrackState.VERIFIED}


def playlist(head: Head, name: str) -> str:
    """Path of a track's own HLS playlist in the published generation, under the video's media prefix."""
    track = head.track(name)
    if track.is_picture:
        return f"m/{head.manifests}/video-{name}.m3u8"
    sounds = [t.name for t in head.tracks if not t.is_picture and _is_shown(t)]
    return f"m/{head.manifests}/audio-{sounds.index(name)}.m3u8"


def _file(head: Head, file: TrackFile) -> pb.VideoFile:
    answer = pb.VideoFile(
        file_id=file.file_id,
        video_id=head.video_id,
        quality=file.name,
        codec=file.codec,
        container="cmaf",
        size_bytes=file.size,
        bitrate=file.bitrate,
        peak_bitrate=file.peak_bitrate,
        width=file.width,
        height=file.height,
        frame_rate=file.frame_rate,
        checksum=file.checksum,
        language=file.language,
    )
    answer.duration.FromNanoseconds(nanoseconds(file.duration))
    answer.create_time.FromDatetime(file.create_time)
    return answer


def presentation(head: Head, tracks: Iterable[TrackFile]) -> rpc.GetPresentationResponse:
    """What a player needs. Manifests whose every picture was given up are no longer shown."""
    answer = rpc.GetPresentationResponse(storyboard_path=head.storyboard)
    for picture in pictures.for_viewers(head):
        shown = answer.stills.add(path=picture.path, width=picture.width, height=picture.height)
        if picture.time is not None:
            shown.time.FromTimedelta(timedelta(seconds=float(picture.time)))
    if head.info:
        answer.duration.FromNanoseconds(nanoseconds(head.info.duration))
    shown = files(head, tracks)
    if any(file.height for file in shown):
        answer.manifest_generation = head.generation
        answer.hls_path = f"m/{head.manifests}/{MASTER}"
        answer.dash_path = f"m/{head.manifests}/{MPD}"
        answer.files.extend(shown)
        for caption, track in zip(head.captions, captions.tracks(head), strict=True):
            if caption.path in head.listed_captions:
                answer.captions.add(path=track.path, language=track.language, label=track.label)
        for chapter in head.chapters:
            answer.chapters.add(title=chapter.title).start_time.FromMilliseconds(chapter.start)
    return answer


def nanoseconds(seconds: Fraction) -> int:
    """Exact to a nanosecond."""
    return round(seconds * 1_000_000_000)

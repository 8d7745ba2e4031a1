"""Opens a stranger's bytes as a video, or says why not. Imports PyAV: for a media child alone."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from svc_transcode.media.accepted import AUDIO_CODECS, DECODERS, FORMATS, VIDEO_CODECS
from svc_transcode.media.errors import MediaRejected, RejectReason
from svc_transcode.media.jobs import Bounds
from svc_transcode.media.parts import PartReader
from svc_transcode.media.signature import HEAD, Claim, claim

_NOT_MOVING = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image | Disposition.dependent


@contextmanager
def open_source(reader: PartReader, bounds: Bounds) -> Generator[InputContainer]:
    """The container, open. Raises MediaRejected, or PartUnavailable where a part is missing.

    The only input is our own file object: no name or address in the file is ever followed.
    """
    claimed = _claim(reader)
    try:
        # Titles and the like may be in any encoding; nothing here reads them.
        container = av.open(reader, "r", options=_options(bounds), metadata_errors="replace")
    except (FFmpegError, EOFError) as failure:
        reader.check()
        if isinstance(failure, MemoryError):
            raise
        raise refusal(claimed) from failure
    with container:
        reader.check()
        yield container


def pick_video(container: InputContainer, bounds: Bounds) -> VideoStream:
    """The stream that is the video: the one marked default, else the first; cover art and stills are none.

    Raises MediaRejected where there is none, or where it must not be decoded.
    """
    moving = [s for s in container.streams.video if not s.disposition & _NOT_MOVING]
    if not moving:
        raise MediaRejected(RejectReason.NO_VIDEO_STREAM, "The file has no video in it, only sound or other data.")
    stream = next((s for s in moving if s.disposition & Disposition.default), moving[0])
    name = codec_name(stream)
    if name not in VIDEO_CODECS:
        raise MediaRejected(
            RejectReason.UNSUPPORTED_CODEC,
            f"The video is encoded as {name or 'something unknown'}, which is not supported.",
        )
    check_size(stream.codec_context.width, stream.codec_context.height, bounds)
    return stream


def audio_streams(container: InputContainer) -> list[AudioStream]:
    """The audio streams that can be decoded here; the others are passed over, the video is worth having without."""
    return [stream for stream in container.streams.audio if codec_name(stream) in AUDIO_CODECS]


def keep_only(container: InputContainer, stream: Stream) -> None:
    """Makes the demuxer throw everything else away, unread where the format allows it."""
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all


def set_up_decoder(stream: VideoStream, bounds: Bounds, threads: int) -> None:
    """To be called before the first packet is decoded."""
    context = stream.codec_context
    context.options = {"max_pixels": str(bounds.max_pixels)}
    context.thread_count = threads
    if threads > 1:
        context.thread_type = "FRAME"  # type: ignore[assignment]  # the setter takes the name, the stub has the flag


def codec_name(stream: Stream) -> str:
    """FFmpeg's name of the codec (not of the decoder); "" where there is no decoder for it."""
    # PyAV's stub does not say so, but a stream that nothing here can decode has no context.
    context = stream.codec_context
    return context.codec.canonical_name if context is not None else ""  # pyright: ignore[reportUnnecessaryComparison]


def check_size(width: int, height: int, bounds: Bounds) -> None:
    """Raises MediaRejected for a picture larger than the bounds allow."""
    if width * height > bounds.max_pixels:
        raise MediaRejected(
            RejectReason.TOO_LARGE_PICTURE,
            f"The picture is {width}×{height} pixels, which is larger than this site accepts.",
        )


def refusal(claimed: Claim) -> MediaRejected:
    """Why a file that cannot be opened, or in which nothing can be decoded, is refused."""
    match claimed:
        case Claim.ACCEPTED_VIDEO:
            return damaged("The file is damaged or incomplete: it cannot be read as a video.")
        case Claim.OTHER_VIDEO:
            return MediaRejected(
                RejectReason.UNSUPPORTED_FORMAT,
                "This kind of video file is not supported. MP4, MOV, MKV, WebM, TS, AVI, FLV and WMV are.",
            )
        case Claim.STILL_PICTURE | Claim.UNKNOWN:
            return MediaRejected(RejectReason.NOT_A_VIDEO, "The file is not a video.")


def damaged(sentence: str) -> MediaRejected:
    return MediaRejected(RejectReason.DAMAGED, sentence)


def _claim(reader: PartReader) -> Claim:
    if reader.size == 0:
        raise MediaRejected(RejectReason.EMPTY, "The file is empty.")
    reader.seek(0)
    claimed = claim(reader.read(HEAD))
    reader.seek(0)
    if claimed is Claim.STILL_PICTURE:
        raise refusal(claimed)
    return claimed


def _options(bounds: Bounds) -> dict[str, str]:
    return {
        "format_whitelist": ",".join(FORMATS),
        "codec_whitelist": ",".join(DECODERS),
        "protocol_whitelist": "none",
        "max_pixels": str(bounds.max_pixels),
    }

"""The sheets of a storyboard. Imports PyAV: for a media child alone."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Callable, Iterator

from av.container import InputContainer
from av.error import BlockingIOError as NotReady
from av.error import EOFError as Exhausted
from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from svc_transcode.media.jobs import File, StoryboardJob, StoryboardMade
from svc_transcode.media.jpeg import COLORS, PIXELS, encode_jpeg
from svc_transcode.media.parts import PartReader
from svc_transcode.media.source import damaged, open_source, pick_video, set_up_decoder
from svc_transcode.media.storyboard import Layout

Save = Callable[[str, bytes], File]

_QUANTISER = 5


def make_sheets(job: StoryboardJob, reader: PartReader, save: Save, progress: Callable[[int], None]) -> StoryboardMade:
    """One tile for each segment, on as many sheets as that takes.

    Decodes keyframes alone. Raises MediaRejected (DAMAGED) where the first picture of a segment cannot be decoded.
    """
    tiles, files = 0, list[File]()
    with open_source(reader, job.source.bounds) as container:
        stream = pick_video(container, job.source.bounds)
        set_up_decoder(stream, job.source.bounds, threads=1)
        sheets = _Sheets(stream, job)
        for picture in _firsts(container, stream, reader, job):
            tiles += 1
            files += [_save(save, len(files) + at, sheet) for at, sheet in enumerate(sheets.push(picture))]
            progress(tiles)
        files += [_save(save, len(files) + at, sheet) for at, sheet in enumerate(sheets.finish())]
    if tiles != len(job.starts):
        raise damaged(f"{tiles} of {len(job.starts)} pictures can be decoded.")
    return StoryboardMade(tuple(files))


def _firsts(
    container: InputContainer, stream: VideoStream, reader: PartReader, job: StoryboardJob
) -> Iterator[VideoFrame]:
    """The first picture of each segment, in order."""
    ends = list(itertools.accumulate(job.source.part_sizes))
    seen = 0
    for packet in container.demux(stream):
        reader.check()
        if packet.size:
            segment = bisect_right(ends, packet.pos or 0)
            if not packet.is_keyframe or segment <= seen:
                continue
            seen = segment
        try:
            yield from packet.decode()
        except FFmpegError as failure:
            if isinstance(failure, MemoryError):
                raise
            raise damaged("A picture cannot be decoded.") from failure
    reader.check()


class _Sheets:
    """Lays pictures side by side."""

    def __init__(self, stream: VideoStream, job: StoryboardJob) -> None:
        layout = Layout.of(len(job.starts))
        graph = Graph()
        graph.threads = 1
        graph.link_nodes(
            graph.add_buffer(template=stream),
            graph.add("scale", f"{job.width}:{job.height}:flags=area:{COLORS}"),
            graph.add("format", PIXELS),
            graph.add("tile", f"{layout.columns}x{layout.rows}"),
            graph.add("buffersink"),
        ).configure()
        self._graph = graph

    def push(self, picture: VideoFrame) -> Iterator[VideoFrame]:
        """Sheets that are full."""
        self._graph.vpush(picture)
        return self._full()

    def finish(self) -> Iterator[VideoFrame]:
        """The last sheet, black where no picture is left, unless it was full."""
        self._graph.vpush(None)
        return self._full()

    def _full(self) -> Iterator[VideoFrame]:
        while True:
            try:
                yield self._graph.vpull()
            except (NotReady, Exhausted):
                return


def _save(save: Save, number: int, sheet: VideoFrame) -> File:
    return save(f"sheet-{number}.jpg", encode_jpeg(sheet, _QUANTISER))

"""Progress on standard error: bars on a terminal, a line for each step elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from vidmesh.client.transfer import Progress as Transferred
from vidmesh.transcode.v1.transcode_pb2 import Processing, RenditionProgress, RenditionState

_STATES = {
    RenditionState.RENDITION_STATE_QUEUED: "waiting",
    RenditionState.RENDITION_STATE_ENCODING: "encoding",
    RenditionState.RENDITION_STATE_PUBLISHED: "ready",
    RenditionState.RENDITION_STATE_FAILED: "failed",
}


class Display:
    """Shows one upload, then its processing, rendition by rendition."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr)
        self._live = self._console.is_terminal
        self._bars: Progress | None = None
        self._uploading: TaskID | None = None
        self._renditions: dict[str, TaskID] = {}
        self._told: set[tuple[str, str]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_bars()

    def notice(self, sentence: str) -> None:
        """Something unusual is done."""
        self._console.print(sentence, highlight=False, markup=False)

    def transferred(self, progress: Transferred) -> None:
        """For `Uploader`."""
        if self._live:
            if self._uploading is None:
                bars = self._begin_bars(DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
                self._uploading = bars.add_task("uploading", total=progress.total)
            if self._bars is not None:
                self._bars.update(self._uploading, completed=progress.sent)
        elif progress.confirmed >= progress.total:
            self._once("upload", f"uploaded {progress.total} bytes")

    def processed(self, processing: Processing) -> None:
        """For `follow`."""
        if self._live and not self._renditions:
            self._end_bars()
        for rendition in processing.renditions:
            self._rendition(rendition)
        if processing.HasField("playable_time"):
            self._once("playable", "playable")

    def _rendition(self, rendition: RenditionProgress) -> None:
        state = _STATES.get(rendition.state, "")
        if rendition.failure_message:
            self._once(rendition.quality, f"{rendition.quality} failed: {rendition.failure_message}")
        elif not self._live and state in ("encoding", "ready"):
            self._once(rendition.quality, f"{rendition.quality} {state}")
        if self._live:
            bars = self._bars or self._begin_bars(TaskProgressColumn())
            if rendition.quality not in self._renditions:
                self._renditions[rendition.quality] = bars.add_task(rendition.quality, total=1.0)
            bars.update(
                self._renditions[rendition.quality],
                completed=rendition.progress,
                description=f"{rendition.quality:>6} {state:8}",
            )

    def _once(self, about: str, line: str) -> None:
        if (about, line) not in self._told:
            self._told.add((about, line))
            self._console.print(line, highlight=False, markup=False)

    def _begin_bars(self, *columns: ProgressColumn) -> Progress:
        self._bars = Progress(TextColumn("{task.description:>15}"), BarColumn(), *columns, console=self._console)
        self._bars.start()
        return self._bars

    def _end_bars(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

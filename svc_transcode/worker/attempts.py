"""One attempt of a job, from StartJob to FinishJob."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from mesh.bus.model import Drop, Outcome
from mesh.objects.errors import ObjectError
from svc_transcode.media import jobs as media
from svc_transcode.media.errors import ChildFailed, MediaError, PartUnavailable
from svc_transcode.media.limits import ChildLimits
from svc_transcode.media.runner import run_child
from svc_transcode.worker import orders
from svc_transcode.worker.captions import read_captions
from svc_transcode.worker.coordinator import Coordinator, FencedError
from svc_transcode.worker.copying import MOST_PARTS, may_be_copied, parts_read
from svc_transcode.worker.failures import failure_of
from svc_transcode.worker.outputs import OutputError, Outputs, files_of, texts_of
from svc_transcode.worker.pieces import Piece, PieceCache
from svc_transcode.worker.progress import Reporter, share_of
from svc_transcode.worker.sources import Sources
from vidmesh.transcode.v1.transcode_pb2 import JobKind
from vidmesh.transcode.v1.transcode_service_pb2 import FinishJobRequest, PartsRead

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from vidmesh.transcode.v1.transcode_service_pb2 import StartJobResponse

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bench:
    """What attempts work with."""

    coordinator: Coordinator
    sources: Sources
    pieces: PieceCache
    outputs: Outputs
    scratch: Path
    """Exists; each attempt gets a folder in it."""
    media_bucket: str
    encoder: str
    """What results depend on besides job and file."""
    bounds: media.Bounds
    limits: ChildLimits
    limits_of_probes: ChildLimits


class PartMissingError(Exception):
    """A part of a source that is still being uploaded is not there."""

    def __init__(self, index: int) -> None:
        super().__init__(f"part {index + 1} has not arrived")
        self.index = index


@dataclass(frozen=True, slots=True)
class Made:
    """What an attempt made, and is stored."""

    result: str
    read: PartsRead
    """What was read of the source."""
    reused: bool = False
    """It was copied."""


class Attempts:
    """Does attempts of jobs, any number side by side."""

    def __init__(self, bench: Bench, log: FilteringBoundLogger) -> None:
        self._bench = bench
        self._log = log
        self._numbers = itertools.count()

    async def do(self, job_id: str, attempt: int, worker: str) -> Outcome:
        """One attempt; what to answer the bus.

        Cancelled, it leaves no child behind; what it had stored stays, in a folder that belongs to this attempt alone
        and is swept with it. Raises where TranscodeService refuses, which costs an attempt.
        """
        coordinator = self._bench.coordinator
        log = self._log.bind(job=job_id, attempt=attempt)
        try:
            begun = await coordinator.start(job_id, attempt, worker)
        except FencedError:
            return Drop()
        log = log.bind(kind=JobKind.Name(begun.kind).removeprefix("JOB_KIND_").lower())
        log.info("job begun")
        folder = f"v/{begun.video_id}/{begun.output_path}"
        try:
            ended = await self._ended(begun, job_id, attempt, folder, log)
            # Nothing is reported any more: a report that overtook the end would be told that the job is fenced.
            return await coordinator.finish(ended)
        except FencedError:
            log.info("job fenced")
            await self._discard(folder, log)
            return Drop()

    async def _ended(
        self, begun: StartJobResponse, job_id: str, attempt: int, folder: str, log: FilteringBoundLogger
    ) -> FinishJobRequest:
        """How the attempt ended. Raises FencedError."""
        reporter = Reporter(lambda share: self._bench.coordinator.report(job_id, attempt, share))
        ended = FinishJobRequest(job_id=job_id, attempt=attempt)
        try:
            made = await beside(self._make(begun, folder, reporter, log), reporter.run())
            ended.result, ended.reused = made.result, made.reused
            ended.parts_read.CopyFrom(made.read)
            log.info("job done", copied=made.reused)
        except FencedError:
            raise
        except PartMissingError as missing:
            log.info("a part of the source has not arrived", part=missing.index + 1)
            ended.missing_part.number = missing.index + 1
        except Exception as error:
            # Whatever it is, it is this attempt's end; what is not foreseen deserves its traceback.
            foreseen = isinstance(error, MediaError | ObjectError)
            log.warning("job failed", error=f"{type(error).__name__}: {error}", exc_info=None if foreseen else error)
            await self._discard(folder, log)
            ended.failure.CopyFrom(failure_of(error, begun.kind))
        return ended

    async def _make(self, begun: StartJobResponse, folder: str, reporter: Reporter, log: FilteringBoundLogger) -> Made:
        """What to tell of what was made. Raises PartMissingError where a part was asked for that has not arrived."""
        bench = self._bench
        order = await self._order(begun)
        if (copied := await self._copied(begun, order, folder, log)) is not None:
            return copied
        workdir = bench.scratch / str(next(self._numbers))
        await asyncio.to_thread(workdir.mkdir)
        lease = bench.pieces.lease()
        missing: list[int] = []
        read: dict[int, Piece] = {}

        async def fetch(index: int) -> Path:
            if not 0 <= index < len(order.pieces):
                raise PartUnavailable(index, "there is no such part")
            piece = order.pieces[index] or await bench.sources.piece(begun.video_id, index)
            if piece is None:
                missing.append(index)
                raise PartUnavailable(index, "it has not arrived")
            read[index] = piece
            return await lease.path(piece)

        def progress(done: int) -> None:
            reporter.tell(share_of(order.job, done))

        limits = bench.limits_of_probes if begun.kind == JobKind.JOB_KIND_PROBE else bench.limits
        try:
            try:
                result = await run_child(
                    order.job, fetch, workdir, limits=limits, on_progress=progress, sources=bench.pieces.folder
                )
            except MediaError as error:
                if missing:
                    raise PartMissingError(missing[0]) from error
                raise
            if missing:
                # Whatever a child makes of a source that it could not read to the end is not to be relied on.
                raise PartMissingError(missing[0])
            if not orders.fits(order.job, result):
                raise ChildFailed(f"the media process gave a {type(result).__name__} for a {type(order.job).__name__}")
            texts = texts_of(order.job, result)
            if isinstance(result, media.CaptionsMade):
                result, texts = await asyncio.to_thread(read_captions, workdir, result)
            await bench.outputs.store(folder, workdir, files_of(result))
            if isinstance(result, media.DownloadMade):
                await bench.outputs.keep(folder, workdir, result.file)
            await bench.outputs.write(folder, texts)
            return Made(orders.told(result, order.complete), self._read(begun, order, read))
        finally:
            lease.release()
            if begun.kind in orders.READERS:
                # The next reading back is to see the store, not what was read before.
                await bench.pieces.forget(piece for piece in order.pieces if piece is not None)
            await asyncio.to_thread(shutil.rmtree, workdir, ignore_errors=True)

    def _read(self, begun: StartJobResponse, order: orders.Order, pieces: Mapping[int, Piece]) -> PartsRead:
        if begun.kind in orders.READERS or len(pieces) > MOST_PARTS:
            return PartsRead()
        return parts_read(self._bench.encoder, order.job.source.part_sizes, pieces)

    async def _copied(
        self, begun: StartJobResponse, order: orders.Order, folder: str, log: FilteringBoundLogger
    ) -> Made | None:
        """What was made before of the same bytes, copied; None where it is to be made."""
        pieces: dict[int, Piece] = {}
        for index in (number - 1 for number in begun.earlier.read.numbers):
            piece = order.pieces[index] if index < len(order.pieces) else None
            piece = piece or await self._bench.sources.piece(begun.video_id, index)
            if piece is None:
                return None
            pieces[index] = piece
        read = self._read(begun, order, pieces)
        if not may_be_copied(begun, read):
            return None
        try:
            result = media.from_json(media.RESULT, begun.earlier.result)
            other = f"v/{begun.earlier.video_id}/{begun.earlier.path}"
            await self._bench.outputs.copy(folder, other, files_of(result))
        except (ObjectError, OutputError) as error:
            log.info("what was made before cannot be copied; it is made", error=str(error))
            await self._discard(folder, log)
            return None
        return Made(begun.earlier.result, read, reused=True)

    async def _order(self, begun: StartJobResponse) -> orders.Order:
        if begun.kind in orders.READERS:
            return orders.reading_back(begun, self._bench.media_bucket, self._bench.bounds)
        return orders.working_on(begun, await self._bench.sources.of(begun.video_id))

    async def _discard(self, folder: str, log: FilteringBoundLogger) -> None:
        try:
            await self._bench.outputs.discard(folder)
        except ObjectError as error:
            # The service's sweep finds what is left.
            log.warning("outputs not deleted", folder=folder, error=str(error))


async def beside(work: Coroutine[Any, Any, T], watch: Coroutine[Any, Any, NoReturn]) -> T:
    """The result of `work`, cancelled as soon as `watch` raises, which this raises then. Both have ended afterwards."""
    working, watching = asyncio.ensure_future(work), asyncio.ensure_future(watch)
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else watching.result()
    finally:
        working.cancel()
        watching.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)

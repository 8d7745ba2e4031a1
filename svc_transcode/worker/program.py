"""The worker as a process: wiring, slots, and its end."""

from __future__ import annotations

import asyncio
import functools
import os
from datetime import timedelta
from pathlib import Path
from typing import Final

from mesh.bus.jobs import JobQueue
from mesh.bus.model import Job, Outcome
from mesh.config import TranscodeSettings
from mesh.errors import Fault
from mesh.process import CannotStart, ToldToStop, run_process, unless_told_to_stop
from mesh.runtime import Runtime
from svc_transcode.media.errors import MediaError
from svc_transcode.media.jobs import Bounds
from svc_transcode.media.limits import ChildLimits
from svc_transcode.worker.abilities import found_out
from svc_transcode.worker.announcing import Announcing
from svc_transcode.worker.arguments import Choice
from svc_transcode.worker.attempts import Attempts, Bench
from svc_transcode.worker.coordinator import Coordinator
from svc_transcode.worker.copying import encoder_name
from svc_transcode.worker.outputs import Outputs
from svc_transcode.worker.pieces import PieceCache
from svc_transcode.worker.scratch import ScratchTakenError, open_scratch
from svc_transcode.worker.sources import Sources
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob
from vidmesh.transcode.v1.transcode_service_pb2_grpc import TranscodeServiceStub
from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceStub

NAME: Final = "worker"
SCRATCH: Final = "{data}/run/scratch"
NICENESS: Final = 5
"""On a machine that also serves, those who watch come before what is encoded."""

IDLE: Final = 600.0
"""Seconds after which a piece that nobody asked for is removed: it may belong to a video that was deleted."""
TIDY_EVERY: Final = 60.0
TASKS: Final = 128
TASKS_PER_THREAD: Final = 16
"""Threads of a child, with room to spare: a decoder and a dozen encoders begin two each for every one that is asked
for, at most."""


def run_worker(choice: Choice) -> int:
    """Work until SIGTERM or SIGINT; the exit code of the process."""
    os.nice(NICENESS)
    return run_process(NAME, functools.partial(work, choice), choice.config)


async def work(choice: Choice, runtime: Runtime) -> None:
    """Take jobs until `runtime.draining` is set; what is under way then is given up and handed out again.

    Raises CannotStart, BusError.
    """
    root = choice.scratch or runtime.settings.file(SCRATCH)
    try:
        async with open_scratch(root, choice.name) as scratch:
            await _work(choice, runtime, scratch)
    except (ScratchTakenError, OSError) as error:
        raise CannotStart(str(error)) from error


async def _work(choice: Choice, runtime: Runtime, scratch: Path) -> None:
    settings = runtime.settings
    objects, bus = await runtime.objects(), await runtime.bus()
    kept, at_work = scratch / "pieces", scratch / "work"
    await asyncio.to_thread(kept.mkdir)
    await asyncio.to_thread(at_work.mkdir)
    pieces = PieceCache(kept, objects, choice.cache_bytes, asyncio.get_running_loop().time)
    runtime.background(functools.partial(tidy, pieces), "tidy")
    encoder = await asyncio.to_thread(encoder_name)
    limits = limits_of(settings.transcode)
    try:
        abilities = await found_out(choice.slots, limits, at_work)
    except MediaError as error:
        raise CannotStart(f"No encoder could be tried: {error}") from error
    transcode = TranscodeServiceStub(runtime.channel("svc_transcode"))
    bench = Bench(
        coordinator=Coordinator(transcode, encoder),
        sources=Sources(UploadServiceStub(runtime.channel("svc_upload")), settings.objects.source_bucket),
        pieces=pieces,
        outputs=Outputs(objects, settings.objects.media_bucket),
        scratch=at_work,
        media_bucket=settings.objects.media_bucket,
        encoder=encoder,
        bounds=Bounds(settings.transcode.max_pixels, int(settings.transcode.max_duration.total_seconds())),
        limits=limits,
        limits_of_probes=limits_of_probes(settings.transcode),
    )
    slots = Slots(Attempts(bench, runtime.log), choice)
    announcing = Announcing(transcode, choice.name, choice.slots, abilities)
    try:
        crew = await unless_told_to_stop(runtime, announcing.begin())
        runtime.background(announcing.go_on, "announcing")
        queue = JobQueue(bus, TranscodeJob, max_attempts=settings.transcode.max_attempts, only={"crew": crew})
        runtime.log.info("working", worker=choice.name, slots=choice.slots, crew=crew, encoders=abilities.encoders)
        await unless_told_to_stop(runtime, queue.work(slots.handle, choice.slots))
    except Fault as fault:
        raise CannotStart(fault.sentence) from fault
    except ToldToStop:
        runtime.log.info("stopped")
        await announcing.end()


class Slots:
    """The places of a worker, each of which does one job at a time under a name of its own."""

    def __init__(self, attempts: Attempts, choice: Choice) -> None:
        self._attempts = attempts
        self._name = choice.name
        self._free = list(range(choice.slots, 0, -1))

    async def handle(self, job: Job[TranscodeJob]) -> Outcome:
        """Does one job in a free slot."""
        slot = self._free.pop()
        try:
            return await self._attempts.do(job.message.job_id, job.attempt, f"{self._name}/{slot}")
        finally:
            self._free.append(slot)


def limits_of(settings: TranscodeSettings) -> ChildLimits:
    """What a child may use."""
    return _limits(settings, settings.job_timeout, settings.worker_threads)


def limits_of_probes(settings: TranscodeSettings) -> ChildLimits:
    """What a child may use that looks at a source for the first time, by one thread."""
    return _limits(settings, min(settings.probe_timeout, settings.job_timeout), 1)


def _limits(settings: TranscodeSettings, timeout: timedelta, threads: int) -> ChildLimits:
    seconds = timeout.total_seconds()
    return ChildLimits(
        address_space=settings.child_memory_bytes,
        # Half, so that a file that keeps a child busy ends as one, and only a child that was kept waiting by the
        # machine, or stands still, comes to the end of its time.
        cpu_seconds=max(1, int(seconds * threads / 2)),
        tasks=TASKS + TASKS_PER_THREAD * threads,
        wall_seconds=seconds,
    )


async def tidy(pieces: PieceCache) -> None:
    """Removes pieces that were not used for long, until cancelled."""
    while True:
        await asyncio.sleep(TIDY_EVERY)
        await pieces.expire(IDLE)

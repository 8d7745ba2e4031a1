"""Wiring of svc_transcode: nothing is decided here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from fractions import Fraction

from mesh.bus.jobs import JobQueue
from mesh.bus.outbox import Outbox
from mesh.config import TranscodeSettings
from mesh.grants import GrantSigner
from mesh.process import CannotStart
from mesh.server import Hosted, Runtime
from svc_transcode.captions.keeping import Keeping
from svc_transcode.captions.service import CaptionServicer
from svc_transcode.downloads.service import DownloadServicer
from svc_transcode.media.jobs import Bounds
from svc_transcode.media.profiles import profile_of
from svc_transcode.operating.counts import Counts
from svc_transcode.operating.overview import Overview
from svc_transcode.operating.service import JobServicer
from svc_transcode.processing.advancing import Advancing
from svc_transcode.processing.arrivals import Arrivals
from svc_transcode.processing.beginning import Beginning
from svc_transcode.processing.crews import Crews
from svc_transcode.processing.dispatching import Dispatching, Releasing
from svc_transcode.processing.earlier import Earlier
from svc_transcode.processing.events import Consumers
from svc_transcode.processing.feeding import Feeding
from svc_transcode.processing.following import Following
from svc_transcode.processing.ids import JobId
from svc_transcode.processing.leftovers import Leftovers
from svc_transcode.processing.needs import ANYBODY
from svc_transcode.processing.objects import MediaStore
from svc_transcode.processing.overlapping import Overlapping
from svc_transcode.processing.plan import Options
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.recovering import Recovering
from svc_transcode.processing.service import Rooms, TranscodeServicer
from svc_transcode.processing.sources import Uploads
from svc_transcode.processing.speeds import Speeds
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.tables import PROCESSING
from svc_transcode.processing.watching import Wakes, Watching
from svc_transcode.processing.working import Working
from svc_transcode.tables import OUTBOX, SCHEMA
from svc_transcode.thumbnails.drawing import Drawing
from svc_transcode.thumbnails.keeping import Keeping as Thumbnails
from svc_transcode.thumbnails.service import ThumbnailServicer
from vidmesh.transcode.v1.caption_service_pb2_grpc import add_CaptionServiceServicer_to_server
from vidmesh.transcode.v1.download_service_pb2_grpc import add_DownloadServiceServicer_to_server
from vidmesh.transcode.v1.job_service_pb2_grpc import add_JobServiceServicer_to_server
from vidmesh.transcode.v1.thumbnail_service_pb2_grpc import add_ThumbnailServiceServicer_to_server
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob
from vidmesh.transcode.v1.transcode_service_pb2_grpc import add_TranscodeServiceServicer_to_server
from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceStub
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceStub


async def assemble(runtime: Runtime) -> Sequence[Hosted]:
    """The services of videos' processing, with their consumers, the outbox's relay, the dispatcher and the sweep."""
    settings, chosen = runtime.settings, runtime.settings.transcode
    tables = await runtime.tables(SCHEMA)
    bus = await runtime.bus()
    objects = await runtime.objects()
    await objects.ensure_buckets()

    outbox = Outbox(tables, bus, hints=OUTBOX, sources=(PROCESSING,))
    store, queue = ProcessingStore(tables, outbox), Queue(tables)
    media, options = MediaStore(objects, settings.objects.media_bucket), options_of(chosen)
    jobs = JobQueue(bus, TranscodeJob, max_attempts=chosen.max_attempts)
    counts, clock = Counts(tables), asyncio.get_running_loop().time
    crews = Crews(tables, clock)
    releasing = Releasing(store, queue, jobs, crews, runtime.log)
    dispatcher = Dispatching(releasing, queue, crews, runtime.log)
    wakes = Wakes(bus)
    working = Working(store, queue, options, chosen.max_attempts, Speeds(lambda: releasing.workers, clock))
    beginning = Beginning(store, queue, media, options)
    leftovers = Leftovers(store, media, chosen.leftovers_after, chosen.replaced_after)
    advancing = Advancing(store, queue, Feeding(store, queue), media, leftovers)

    async def held(job_id: JobId, crew: str) -> bool:
        return await jobs.holds(TranscodeJob(job_id=str(job_id), crew=crew or ANYBODY))

    async def silent(job_id: JobId) -> None:
        letter = TranscodeJob(job_id=str(job_id), video_id=job_id.video_id)
        await jobs.bury(letter, str(job_id), chosen.max_attempts, "nobody spoke of it, at each attempt")

    recovering = Recovering(queue, releasing, held, silent, chosen.max_attempts, runtime.log, clock)
    following = Following(store, advancing, recovering, dispatcher, wakes, runtime.log, chosen.sweep_every)

    await Consumers(beginning, working, following, counts).subscribe(bus, jobs)
    runtime.background(outbox.run, "outbox")
    runtime.background(dispatcher.run, "dispatcher")
    runtime.background(following.run, "following")
    runtime.background(following.sweep, "sweep")
    if chosen.overlap:
        uploads = Uploads(UploadServiceStub(runtime.channel("svc_upload")))
        overlapping = Overlapping(store, uploads, beginning)
        arrivals = Arrivals(store, overlapping, following, bus, runtime.log, clock)
        runtime.background(arrivals.run, "arrivals")
        await arrivals.listening.wait()
    watching = Watching(store, bus)
    earlier = Earlier(tables, store, chosen.reuse)
    rooms = Rooms(store, working, beginning, following, watching, wakes, media, counts, earlier, crews)
    video_service = VideoServiceStub(runtime.channel("svc_upload"))
    signer = GrantSigner(runtime.key_file(settings.file(settings.playback.grant_key_file)))
    servicer = TranscodeServicer(rooms, video_service, signer, runtime.sealer)
    download_servicer = DownloadServicer(store, video_service, signer, following.due)
    keeping = Keeping(store, media, following.due)
    caption_servicer = CaptionServicer(keeping, store, video_service, runtime.page_tokens, runtime.sealer)
    thumbnail_servicer = ThumbnailServicer(Thumbnails(store, media), Drawing(), video_service, signer)
    return [
        Hosted(
            name="vidmesh.transcode.v1.TranscodeService",
            servicer=servicer,
            add=add_TranscodeServiceServicer_to_server,
        ),
        Hosted(
            name="vidmesh.transcode.v1.JobService",
            servicer=JobServicer(
                Overview(store, queue, beginning, counts, jobs.dead_letters(), crews),
                store,
                watching,
                following,
                runtime.page_tokens,
            ),
            add=add_JobServiceServicer_to_server,
        ),
        Hosted(
            name="vidmesh.transcode.v1.CaptionService",
            servicer=caption_servicer,
            add=add_CaptionServiceServicer_to_server,
        ),
        Hosted(
            name="vidmesh.transcode.v1.DownloadService",
            servicer=download_servicer,
            add=add_DownloadServiceServicer_to_server,
        ),
        Hosted(
            name="vidmesh.transcode.v1.ThumbnailService",
            servicer=thumbnail_servicer,
            add=add_ThumbnailServiceServicer_to_server,
        ),
    ]


def options_of(chosen: TranscodeSettings) -> Options:
    """How to encode, as configured. Raises CannotStart."""
    try:
        profile = profile_of(chosen.profile)
    except ValueError as error:
        raise CannotStart(str(error)) from error
    return Options(
        preset=chosen.preset,
        threads=chosen.worker_threads,
        chunk=Fraction(chosen.chunk.total_seconds()),
        bounds=Bounds(max_pixels=chosen.max_pixels, max_seconds=int(chosen.max_duration.total_seconds())),
        profile=profile,
    )

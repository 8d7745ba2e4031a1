"""Wiring of svc_upload: nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mesh.bus import Bus
from mesh.bus.outbox import Outbox
from mesh.grants import GrantSigner
from mesh.server import Hosted, Runtime
from svc_upload.agenda.loop import Handler, run_agenda
from svc_upload.agenda.store import Agenda
from svc_upload.events import forget_members
from svc_upload.kinds import PUBLISH, PURGE, SOURCE, UPLOAD
from svc_upload.membership import Membership
from svc_upload.removal import Removal
from svc_upload.tables import OUTBOX, SCHEMA
from svc_upload.upkeep import Upkeep
from svc_upload.uploads.claims import Claims
from svc_upload.uploads.creating import Creating
from svc_upload.uploads.disk import Disk
from svc_upload.uploads.domain import Limits
from svc_upload.uploads.ending import Ending
from svc_upload.uploads.receiving import Receiving
from svc_upload.uploads.service import UploadServicer
from svc_upload.uploads.store import UploadStore
from svc_upload.uploads.tables import UPLOADS
from svc_upload.videos.events import ProcessingEvents
from svc_upload.videos.leavers import Leavers
from svc_upload.videos.pictures import Pictures
from svc_upload.videos.service import VideoServicer
from svc_upload.videos.store import VideoStore
from svc_upload.videos.tables import VIDEOS
from svc_upload.videos.viewing import Viewing
from vidmesh.social.v1.channel_service_pb2_grpc import ChannelServiceStub
from vidmesh.upload.v1.upload_service_pb2_grpc import add_UploadServiceServicer_to_server
from vidmesh.upload.v1.video_service_pb2_grpc import add_VideoServiceServicer_to_server


@dataclass(frozen=True, slots=True)
class Parts:
    """What the process is made of, before anything of it runs."""

    hosted: Sequence[Hosted]
    outbox: Outbox
    agenda: Agenda
    handlers: Mapping[str, Handler]
    facts: ProcessingEvents
    leavers: Leavers
    membership: Membership
    videos: VideoStore
    bus: Bus


async def assemble(runtime: Runtime) -> Sequence[Hosted]:
    """UploadService and VideoService, with their consumers, the outbox's relay and the agenda."""
    parts = await build(runtime)
    await parts.facts.subscribe(parts.bus)
    await parts.leavers.subscribe(parts.bus)
    runtime.background(lambda: forget_members(parts.bus, parts.membership), "members")
    runtime.background(parts.outbox.run, "outbox")
    runtime.background(lambda: run_agenda(parts.agenda, parts.handlers, runtime.log), "agenda")
    return parts.hosted


async def build(runtime: Runtime) -> Parts:
    """Open what is needed and put the parts together."""
    settings = runtime.settings
    chosen = settings.upload
    keeps_source = chosen.keep_source == "always"
    bucket = settings.objects.source_bucket

    tables = await runtime.tables(SCHEMA)
    bus = await runtime.bus()
    objects = await runtime.objects()
    await objects.ensure_buckets()
    outbox = Outbox(tables, bus, hints=OUTBOX, sources=(VIDEOS, UPLOADS))
    agenda = Agenda(tables)
    await agenda.begin(datetime.now(UTC))

    videos, uploads, claims = VideoStore(tables, outbox), UploadStore(tables, outbox), Claims(tables)
    await videos.begin(datetime.now(UTC))
    membership = Membership(ChannelServiceStub(runtime.channel("svc_social")))
    pictures = Pictures(GrantSigner(runtime.key_file(settings.file(settings.playback.grant_key_file))))
    removal = Removal(videos)
    ending = Ending(
        uploads,
        claims,
        videos,
        agenda,
        removal,
        objects,
        bucket,
        chosen.expire_after,
        chosen.url_lifetime + chosen.clock_skew,
    )
    upkeep = Upkeep(videos, ending, removal, chosen.purge_deleted_after, keeps_source)
    limits = Limits(
        max_file_bytes=chosen.max_file_bytes,
        account_quota_bytes=chosen.account_quota_bytes,
        max_active_uploads=chosen.max_active_uploads,
        min_free_bytes=chosen.min_free_bytes,
    )
    id_key, disk = runtime.sealer.derive("uploads"), Disk.of(settings)
    creating = Creating(uploads, claims, videos, agenda, disk, id_key, limits, chosen.expire_after)
    receiving = Receiving(
        uploads, objects, bucket, bus, chosen.expire_after, chosen.url_lifetime, disk, limits, runtime.log
    )
    upload_servicer = UploadServicer(
        uploads, videos, creating, receiving, ending, membership, pictures, runtime.page_tokens
    )
    video_servicer = VideoServicer(
        videos,
        Viewing(videos, membership),
        membership,
        pictures,
        agenda,
        runtime.page_tokens,
        chosen.purge_deleted_after,
    )
    return Parts(
        hosted=(
            Hosted(
                name="vidmesh.upload.v1.UploadService",
                servicer=upload_servicer,
                add=add_UploadServiceServicer_to_server,
            ),
            Hosted(
                name="vidmesh.upload.v1.VideoService", servicer=video_servicer, add=add_VideoServiceServicer_to_server
            ),
        ),
        outbox=outbox,
        agenda=agenda,
        handlers={
            UPLOAD: ending.look_after,
            PURGE: upkeep.purge,
            SOURCE: upkeep.drop_source,
            PUBLISH: upkeep.announce,
        },
        facts=ProcessingEvents(videos, agenda, keeps_source=keeps_source, keep_source_for=chosen.keep_source_for),
        leavers=Leavers(videos, membership),
        membership=membership,
        videos=videos,
        bus=bus,
    )

"""Wiring of svc_playback: nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence

from mesh.grants import GrantSigner
from mesh.server import Hosted, Runtime
from svc_playback.playback.domain import GrantRules
from svc_playback.playback.events import Forgetter, Revoker
from svc_playback.playback.grants import Grants
from svc_playback.playback.neighbours import Neighbours
from svc_playback.playback.service import PlaybackServicer
from svc_playback.playback.sessions import Sessions
from svc_playback.playback.store import RevocationStore
from svc_playback.sharing.service import SharingServicer
from svc_playback.tables import SCHEMA
from vidmesh.playback.v1.playback_service_pb2_grpc import add_PlaybackServiceServicer_to_server
from vidmesh.playback.v1.sharing_service_pb2_grpc import add_SharingServiceServicer_to_server
from vidmesh.transcode.v1.transcode_service_pb2_grpc import TranscodeServiceStub
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceStub


async def assemble(runtime: Runtime) -> Sequence[Hosted]:
    """PlaybackService, with what it learns from events, and SharingService."""
    settings = runtime.settings
    chosen = settings.playback
    tables = await runtime.tables(SCHEMA)
    # Opened last, closed first: handlers of events must not find the tables closed.
    bus = await runtime.bus()
    neighbours = Neighbours(
        VideoServiceStub(runtime.channel("svc_upload")), TranscodeServiceStub(runtime.channel("svc_transcode"))
    )
    keys = runtime.key_file(settings.file(chosen.grant_key_file))
    revocations = RevocationStore(tables, chosen.grant_lifetime_max)

    await Revoker(revocations, neighbours, bus).subscribe()
    forgetter = Forgetter(neighbours, bus)
    runtime.background(forgetter.run, "forgetting")
    await forgetter.listening.wait()
    servicer = PlaybackServicer(
        neighbours,
        Grants(GrantSigner(keys), keys),
        GrantRules(chosen.grant_lifetime, chosen.grant_lifetime_max),
        settings.edges(),
        Sessions(runtime.sealer),
        revocations,
        runtime.page_tokens,
        bus,
    )
    return [
        Hosted(
            name="vidmesh.playback.v1.PlaybackService",
            servicer=servicer,
            add=add_PlaybackServiceServicer_to_server,
        ),
        Hosted(
            name="vidmesh.playback.v1.SharingService",
            servicer=SharingServicer(neighbours, settings.edges()),
            add=add_SharingServiceServicer_to_server,
        ),
    ]

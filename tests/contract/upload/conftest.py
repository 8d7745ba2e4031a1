"""svc_upload as it runs: real gRPC behind mesh's layers, real SQLite, a real nats-server, a real SeaweedFS."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
import structlog
from google.protobuf.message import Message

from mesh.bus import Bus, Event
from mesh.config import merged
from mesh.ids import uuid7
from mesh.objects import Objects
from mesh.testing.servers import NatsServer, WeedServer, nats_server, weed_server
from mesh.testing.serving import Metadata, TestMesh
from svc_upload.agenda.loop import do_due
from svc_upload.events import forget_members
from svc_upload.server import Parts, build
from svc_upload.tables import SCHEMA
from svc_upload.uploads.claims import Claims
from svc_upload.uploads.domain import Usage
from tests.contract import answers
from vidmesh.social.v1.account_pb2 import Role
from vidmesh.upload.v1.upload_pb2 import Upload
from vidmesh.upload.v1.upload_service_pb2 import (
    CompleteUploadRequest,
    ConfirmPartsRequest,
    CreateUploadRequest,
    CreateUploadResponse,
    GetUploadRequest,
    PartReceipt,
    PartToSign,
    SignedPart,
    SignPartsRequest,
)
from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceStub
from vidmesh.upload.v1.video_pb2 import Video
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceStub

from .crashing import CrashingTables
from .social import People

if TYPE_CHECKING:
    # They exist in the stubs' types alone.
    from vidmesh.upload.v1.upload_service_pb2_grpc import UploadServiceAsyncStub
    from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceAsyncStub


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float = 30) -> Any:
    """As `answers.eventually`, within 10 s."""
    return await answers.eventually(condition, seconds)


def content_of(size: int, seed: int = 1) -> bytes:
    """Bytes of a file."""
    return hashlib.shake_128(seed.to_bytes(4)).digest(size)


def pieces_of(upload: Upload, content: bytes) -> dict[int, bytes]:
    """The content cut as the upload's layout says."""
    pieces: dict[int, bytes] = {}
    offset = 0
    for run in upload.layout:
        for number in range(run.first_number, run.first_number + run.count):
            pieces[number] = content[offset : offset + run.size_bytes]
            offset += run.size_bytes
    assert offset == len(content)
    return pieces


@dataclass
class Served:
    """The running service, its clients, and the people of one channel."""

    mesh: TestMesh
    parts: Parts
    people: People
    uploads: UploadServiceAsyncStub
    videos: VideoServiceAsyncStub
    bus: Bus
    objects: Objects
    tables: CrashingTables
    http: httpx.AsyncClient
    owner: str = field(default_factory=uuid7)
    stranger: str = field(default_factory=uuid7)
    channel_id: str = ""

    @property
    def bucket(self) -> str:
        return self.mesh.settings.objects.source_bucket

    def by(self, account_id: str) -> Metadata:
        """The metadata of somebody's call."""
        return self.mesh.signed_in(account_id)

    @property
    def me(self) -> Metadata:
        """The metadata of the channel's owner."""
        return self.by(self.owner)

    @property
    def administrator(self) -> Metadata:
        return self.mesh.signed_in(uuid7(), role=Role.ROLE_ADMINISTRATOR)

    def service(self, account_id: str | None = None) -> Metadata:
        """The metadata of another service's call, on behalf of somebody."""
        behalf = () if account_id is None else self.by(account_id)
        return (*self.mesh.as_service("svc_playback"), *behalf)

    def request(self, size: int = 3, **fields: Any) -> CreateUploadRequest:
        """A new CreateUpload for the channel."""
        chosen: dict[str, Any] = {
            "request_id": str(uuid.uuid4()),
            "channel_id": self.channel_id,
            "size_bytes": size,
            "filename": "clip.mp4",
            "video": Video(title="A clip"),
        }
        return CreateUploadRequest(**(chosen | fields))

    async def begin(self, size: int = 3, **fields: Any) -> CreateUploadResponse:
        return await self.uploads.CreateUpload(self.request(size, **fields), metadata=self.me)

    async def sign(self, upload: Upload, number: int, piece: bytes) -> SignedPart:
        part = PartToSign(number=number, size_bytes=len(piece), sha256=hashlib.sha256(piece).digest())
        answer = await self.uploads.SignParts(
            SignPartsRequest(upload_id=upload.upload_id, parts=[part]), metadata=self.me
        )
        return answer.parts[0]

    async def send(self, upload: Upload, number: int, piece: bytes) -> httpx.Response:
        """Sign one part and PUT it, as a client does."""
        signed = await self.sign(upload, number, piece)
        return await self.put(signed, piece)

    async def put(self, signed: SignedPart, piece: bytes) -> httpx.Response:
        url = self.mesh.settings.objects.endpoint + signed.url
        return await self.http.put(url, content=piece, headers=dict(signed.headers))

    async def confirm(self, upload: Upload, pieces: dict[int, bytes]) -> Upload:
        receipts = [PartReceipt(number=n, sha256=hashlib.sha256(piece).digest()) for n, piece in pieces.items()]
        request = ConfirmPartsRequest(upload_id=upload.upload_id, parts=receipts)
        return (await self.uploads.ConfirmParts(request, metadata=self.me)).upload

    async def whole(self, content: bytes = b"abc", **fields: Any) -> CreateUploadResponse:
        """An upload with every part confirmed."""
        begun = await self.begin(len(content), **fields)
        pieces = pieces_of(begun.upload, content)
        for number, piece in pieces.items():
            assert (await self.send(begun.upload, number, piece)).status_code == 200
        await self.confirm(begun.upload, pieces)
        return begun

    async def complete(self, content: bytes = b"abc", **fields: Any) -> CreateUploadResponse:
        """A completed upload, in processing."""
        begun = await self.whole(content, **fields)
        await self.uploads.CompleteUpload(CompleteUploadRequest(upload_id=begun.upload.upload_id), metadata=self.me)
        return begun

    async def upload(self, upload: Upload) -> Upload:
        """The upload as it is now."""
        request = GetUploadRequest(upload_id=upload.upload_id)
        return (await self.uploads.GetUpload(request, metadata=self.me)).upload

    async def usage(self) -> Usage:
        """What the owner has open and stored."""
        return await Claims(cast("Any", self.tables)).usage(self.owner)

    async def stored(self, upload: Upload) -> list[str]:
        """The keys of an upload's objects, after its prefix."""
        prefix = f"u/{upload.upload_id}/"
        page = await self.objects.list(self.bucket, prefix)
        return [found.key.removeprefix(prefix) for found in page.objects]

    async def at(self, **ahead: float) -> None:
        """Do what the agenda says is due this far ahead."""
        log = structlog.wrap_logger(structlog.PrintLogger(), processors=[_loud])
        await do_due(self.parts.agenda, self.parts.handlers, log, datetime.now(UTC) + timedelta(**ahead))

    async def heard(self, kind: type[Message], video_id: str) -> Heard:
        """Listens to facts of a type about a video from the first that was ever said."""
        heard = Heard([])

        async def keep(event: Event[Any]) -> None:
            if event.message.video_id == video_id and event.id not in [one.id for one in heard.events]:
                heard.events.append(event)

        await self.bus.subscribe(kind, f"test-{uuid.uuid4().hex}", keep)
        return heard

    async def tell(self, message: Message) -> None:
        """Apply one event of a neighbour, as the bus would hand it over."""
        await self.parts.facts.handle(
            Event(id=str(uuid.uuid4()), message=message, time=datetime.now(UTC), delivery_count=1)
        )


@dataclass
class Heard:
    """Facts that came in, each once."""

    events: list[Event[Any]]

    async def messages(self, count: int) -> list[Any]:
        """The messages, once there are this many."""

        async def enough() -> bool:
            return len(self.events) >= count

        await eventually(enough)
        return [event.message for event in self.events]


def _loud(_logger: Any, method: str, event: Any) -> Any:
    if method in {"error", "exception"}:
        raise AssertionError(f"an item of the agenda failed: {event}")
    raise structlog.DropEvent


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Generator[WeedServer]:
    with weed_server(tmp_path_factory.mktemp("weed")) as server:
        yield server


Serve = Callable[..., Any]


@pytest.fixture
def serve(tmp_path: Path, nats: NatsServer, weed: WeedServer) -> Serve:
    """A function that serves svc_upload with settings of its own: `async with serve(upload={…}) as served`."""

    @asynccontextmanager
    async def _serve(**overrides: Any) -> AsyncGenerator[Served]:
        stored = weed.settings.model_dump() | {"secret_key": weed.settings.secret_key.get_secret_value()}
        settings = merged(
            {
                "bus": {"url": nats.url},
                "objects": stored,
                "tables": {"url": f"sqlite://{tmp_path}/tables/{{service}}.db"},
            },
            overrides,
        )
        async with TestMesh(tmp_path, settings) as mesh, httpx.AsyncClient() as http:
            people = People()  # pyright: ignore[reportAbstractUsage] (the other methods are not asked here)
            await mesh.serve(await mesh.runtime("svc_social"), [people.hosted()])
            runtime = await mesh.runtime("svc_upload")
            tables = CrashingTables(await runtime.tables(SCHEMA))

            async def opened(_schema: object) -> Any:
                return tables

            cast("Any", runtime).tables = opened
            parts = await build(runtime)
            runtime.background(lambda: forget_members(parts.bus, parts.membership), "members")
            runtime.background(parts.outbox.run, "outbox")
            await mesh.serve(runtime, parts.hosted)
            channel = mesh.outside("svc_upload")
            served = Served(
                mesh=mesh,
                parts=parts,
                people=people,
                uploads=UploadServiceStub(channel),
                videos=VideoServiceStub(channel),
                bus=parts.bus,
                objects=await runtime.objects(),
                tables=tables,
                http=http,
            )
            served.channel_id = people.channel(served.owner)
            yield served

    return _serve


@pytest.fixture
async def served(serve: Serve) -> AsyncGenerator[Served]:
    async with serve() as one:
        yield one

"""A small object store to stand behind an edge: it answers everything, and writes down what reaches it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

HEALTH_CHECK: Final = "Envoy/HC"
"""What an edge calls itself that asks whether the store is there; nobody's request made it ask."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that reached the store."""

    method: str
    path: str
    """As it was sent, with its query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(slots=True)
class RunningStore:
    """A store on a loopback port."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """By path without query: "/bucket/key". What was put is here; what is here can be got."""
    requests: list[Request] = field(default_factory=list[Request])
    failing: int | None = None
    """It answers everything with this status."""
    failing_methods: set[str] = field(default_factory=set[str])
    """It answers these with 503."""

    async def answer(self, request: web.Request) -> web.Response:
        """GET, HEAD, PUT and DELETE, with the headers that an S3 sends."""
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("user-agent") != HEALTH_CHECK:
            self.requests.append(Request(request.method, request.raw_path, headers, body))
        failing = 503 if request.method in self.failing_methods else self.failing
        if failing is not None:
            return web.Response(status=failing, text="<Error/>", content_type="application/xml")
        if request.method == "PUT":
            self.objects[request.path] = body
            return web.Response()
        if request.method == "DELETE":
            self.objects.pop(request.path, None)
            return web.Response(status=204)
        content = self.objects.get(request.path)
        if content is None:
            return web.Response(
                status=404, text="<Error><Code>NoSuchKey</Code></Error>", content_type="application/xml"
            )
        told = {
            "ETag": f'"{len(content)}"',
            "Cache-Control": "public, max-age=31536000, immutable",
            "Accept-Ranges": "bytes",
            "Vary": "Origin",
            "x-amz-request-id": "1",
            "Server": "store",
        }
        wanted = request.http_range
        if wanted.start is not None or wanted.stop is not None:
            piece = content[wanted]
            start = wanted.start if (wanted.start or 0) >= 0 else len(content) + (wanted.start or 0)
            told["Content-Range"] = f"bytes {start}-{(start or 0) + len(piece) - 1}/{len(content)}"
            return web.Response(status=206, body=piece, headers=told, content_type="video/mp4")
        return web.Response(body=content, headers=told, content_type="video/mp4")


@asynccontextmanager
async def running_store() -> AsyncGenerator[RunningStore]:
    """A store on a free loopback port, until the block ends."""
    store = RunningStore()
    application = web.Application(client_max_size=64 << 20)
    application.router.add_route("*", "/{path:.*}", store.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    store.url = f"http://{host}:{port}"
    try:
        yield store
    finally:
        await runner.cleanup()

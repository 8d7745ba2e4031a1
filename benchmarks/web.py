"""The pages in a real Chromium: from a click on a video to its first frame, and what Lighthouse says of them."""

from __future__ import annotations

import re
import shutil
import socket
import statistics
import tempfile
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.harness.model import Benchmark, Effort, NothingToMeasure, Row, at_least, at_most
from benchmarks.parts.lighthouse import scores
from benchmarks.parts.stack import a_stack
from vidmesh.client import Client
from vidmesh.client.following import Until, follow
from vidmesh.client.journal import Journal
from vidmesh.client.uploader import Uploader
from vidmesh.upload.v1.video_pb2 import VISIBILITY_PUBLIC, Video

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = ROOT / "web/dist/index.html"
CLIP: Final = ROOT / "tests/media/bigbuckbunny.mp4"
PASSWORD: Final = "correct horse battery"
POINTING_MS: Final = 300
"""How long somebody points at a video before the click."""
PATIENCE_MS: Final = 60_000
WORDS: Final = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required")
"""Of Chromium's command line."""
AIMS: Final = {"performance": 90, "accessibility": 100, "best-practices": 95, "seo": 95}
"""Lighthouse's scores, of 100."""

WATCHING: Final = """
document.addEventListener("click", () => { window.clicked = performance.now(); }, true);
new MutationObserver((_, all) => {
  const video = document.querySelector("video");
  if (!video) return;
  all.disconnect();
  video.requestVideoFrameCallback((now) => { window.shown = now; });
}).observe(document, { childList: true, subtree: true });
"""
"""Runs in a page before its own scripts do: when somebody clicked, and when the first frame was composed."""
TOLD: Final = """[window.clicked || 0, window.shown || 0, performance.getEntriesByType("resource").map((one) => ({
  url: one.name, start: one.startTime, end: one.responseEnd, sent: one.transferSize, bytes: one.encodedBodySize
}))]"""
NEEDED: Final = re.compile(r"\.js$|/GetPlayback$|\.m3u8$|/init\.mp4$|/0+\.m4s$")
"""What a first frame waits for; the page loads words and pictures besides."""


@dataclass(frozen=True, slots=True)
class _Creator:
    """Somebody with a public video."""

    email: str
    video_id: str


@dataclass(frozen=True, slots=True)
class _Visit:
    """Milliseconds of the page's clock, but where it says bytes."""

    clicked: float
    shown: float
    resources: Sequence[dict[str, Any]]

    @property
    def round_trips(self) -> int:
        """The longest chain of requests between the click and the frame, each sent after the one before had ended."""
        chain: list[tuple[float, int]] = []
        for one in sorted(self.resources, key=lambda one: one["end"]):
            if NEEDED.search(one["url"]) and one["sent"] and one["start"] >= self.clicked and one["end"] <= self.shown:
                longest = max((length for end, length in chain if end <= one["start"]), default=0)
                chain.append((one["end"], longest + 1))
        return max((length for _, length in chain), default=0)

    @property
    def script_bytes(self) -> int:
        """As they travelled, without the player's engine."""
        return sum(
            one["bytes"] for one in self.resources if one["url"].endswith(".js") and "/engine-" not in one["url"]
        )


async def _run(effort: Effort) -> Sequence[Row]:
    if not PAGES.exists():
        raise NothingToMeasure("the pages are not built: make web, which needs Node")
    with tempfile.TemporaryDirectory(prefix="vidmesh-bench-") as folder:
        async with a_stack() as stack:
            creator = await _public_video(stack.edge_url, Path(folder))
            async with _chromium() as browser:
                pointed, straight = await _visits(browser, stack.edge_url, effort.pick(11, 5))
            judged = [] if effort.quick else await _judged(stack.edge_url, creator, Path(folder))
    return [
        Row("click to first frame, pointed at before", _first_frame(pointed), "ms", at_most(400)),
        Row("click to first frame, out of the blue", _first_frame(straight), "ms"),
        Row("sequential round trips, pointed at before", max(one.round_trips for one in pointed), "", at_most(4)),
        Row("sequential round trips, out of the blue", max(one.round_trips for one in straight), ""),
        Row("script of the pages, compressed", max(one.script_bytes for one in pointed) / 1000, "kB", at_most(180)),
        *judged,
    ]


async def _judged(edge_url: str, creator: _Creator, folder: Path) -> list[Row]:
    """Lighthouse's scores of the pages that people spend their time on; the studio is its owner's."""
    port = _free_port()
    try:
        async with _signed_in(edge_url, creator, folder, port):
            return [
                Row(f"Lighthouse, {page}: {category}", score, "", at_least(AIMS[category]))
                for page, path in (("home", "/"), ("watch", f"/watch/{creator.video_id}"), ("studio", "/studio"))
                for category, score in (await scores(f"{edge_url}{path}", port, folder)).items()
            ]
    except NothingToMeasure as missing:
        return [Row("Lighthouse", None, str(missing))]


async def _visits(browser: Browser, edge_url: str, rounds: int) -> tuple[list[_Visit], list[_Visit]]:
    """Those that pointed at the video before the click, and those that did not, by turns."""
    pointed: list[_Visit] = []
    straight: list[_Visit] = []
    # The first is not counted: it fills the edge's cache.
    for counted in (False, *[True] * rounds):
        for pointing, visits in ((POINTING_MS, pointed), (0, straight)):
            visit = await _visit(browser, edge_url, pointing)
            if counted:
                visits.append(visit)
    return pointed, straight


def _first_frame(visits: Sequence[_Visit]) -> float:
    return statistics.median(one.shown - one.clicked for one in visits)


def _executable() -> str:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        raise NothingToMeasure("Chromium is not installed")
    return executable


@asynccontextmanager
async def _chromium() -> AsyncGenerator[Browser]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_executable(), args=WORDS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def _signed_in(edge_url: str, creator: _Creator, folder: Path, port: int) -> AsyncGenerator[None]:
    """A browser that takes orders on this port, in which somebody signed in by the page."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            folder / "chromium", executable_path=_executable(), args=[*WORDS, f"--remote-debugging-port={port}"]
        )
        try:
            page = await context.new_page()
            await page.goto(f"{edge_url}/sign-in?next=/studio")
            await page.get_by_label("E-mail").fill(creator.email)
            await page.get_by_role("textbox", name="Password").fill(PASSWORD)
            await page.get_by_role("button", name="Sign in").click()
            await page.get_by_role("heading", name="Your videos").wait_for(timeout=PATIENCE_MS)
            await page.close()
            yield
        finally:
            await context.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def _public_video(edge_url: str, folder: Path) -> _Creator:
    handle = f"b{uuid.uuid4().hex[:12]}"
    async with Client(edge_url) as client:
        made = await client.sign_up(f"{handle}@example.org", PASSWORD, handle)
        uploader = Uploader(client, Journal(folder, edge_url))
        wanted = Video(title="Bunny", visibility=VISIBILITY_PUBLIC)
        uploaded = await uploader.upload(CLIP, made.channel.channel_id, wanted)
        await follow(client, uploaded.video_id, Until.COMPLETE)
    return _Creator(f"{handle}@example.org", uploaded.video_id)


async def _visit(browser: Browser, edge_url: str, pointing_ms: int) -> _Visit:
    """Somebody who was never here: the newest videos, a click on the first, its first frame."""
    context = await browser.new_context()
    try:
        page = await context.new_page()
        await page.add_init_script(WATCHING)
        await page.goto(edge_url, wait_until="networkidle")
        link = page.locator("article a[href^='/watch/']").first
        if pointing_ms:
            await link.hover()
            await page.wait_for_timeout(pointing_ms)
        await link.click()
        return await _shown(page)
    finally:
        await context.close()


async def _shown(page: Page) -> _Visit:
    for _ in range(PATIENCE_MS // 50):
        await page.wait_for_timeout(50)
        clicked, shown, resources = await page.evaluate(TOLD)
        if shown:
            return _Visit(clicked, shown, resources)
    raise RuntimeError("no frame was shown")


BENCHMARK: Final = Benchmark("the pages in Chromium: from a click on a video to its first frame, and Lighthouse", _run)

"""From a click on a video to its first frame in a real Chromium, and what it takes to get there."""

from __future__ import annotations

import re
import shutil
import statistics
import tempfile
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.harness.model import Benchmark, Effort, NothingToMeasure, Row, at_most
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
        async with a_stack() as stack, _chromium() as browser:
            await _public_video(stack.edge_url, Path(folder))
            pointed, straight = await _visits(browser, stack.edge_url, effort.pick(11, 5))
    return [
        Row("click to first frame, pointed at before", _first_frame(pointed), "ms", at_most(400)),
        Row("click to first frame, out of the blue", _first_frame(straight), "ms"),
        Row("sequential round trips, pointed at before", max(one.round_trips for one in pointed), "", at_most(4)),
        Row("sequential round trips, out of the blue", max(one.round_trips for one in straight), ""),
        Row("script of the pages, compressed", max(one.script_bytes for one in pointed) / 1000, "kB", at_most(180)),
    ]


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


@asynccontextmanager
async def _chromium() -> AsyncGenerator[Browser]:
    from playwright.async_api import async_playwright

    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        raise NothingToMeasure("Chromium is not installed")
    async with async_playwright() as playwright:
        words = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = await playwright.chromium.launch(executable_path=executable, args=words)
        try:
            yield browser
        finally:
            await browser.close()


async def _public_video(edge_url: str, folder: Path) -> None:
    handle = f"b{uuid.uuid4().hex[:12]}"
    async with Client(edge_url) as client:
        made = await client.sign_up(f"{handle}@example.org", PASSWORD, handle)
        uploader = Uploader(client, Journal(folder, edge_url))
        wanted = Video(title="Bunny", visibility=VISIBILITY_PUBLIC)
        uploaded = await uploader.upload(CLIP, made.channel.channel_id, wanted)
        await follow(client, uploaded.video_id, Until.COMPLETE)


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


BENCHMARK: Final = Benchmark("from a click on a video to its first frame, in Chromium", _run)

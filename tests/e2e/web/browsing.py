"""A real browser on the pages that the edge serves, as a person uses them."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from tests.e2e.people import CLIP, PASSWORD
from tests.e2e.stacks import Stack

ROOT: Final = Path(__file__).resolve().parents[3]
AXE: Final = ROOT / "node_modules/axe-core/axe.min.js"
PAGES: Final = ROOT / "web/dist/index.html"
SCREENS: Final = ROOT / ".cache/screens"
"""Where screenshots are kept: artefacts of a run."""
WIDTHS: Final = {390: 844, 1024: 768, 1920: 1080}
"""Windows of a phone, a laptop and a television, pixels."""
SETTLED: Final = """() => Promise.all(document.getAnimations()
    .filter((one) => one.effect && Number.isFinite(one.effect.getComputedTiming().endTime))
    .map((one) => one.finished.catch(() => undefined)))"""
"""Resolves when everything that moves once has arrived."""
EXPECTED_MS: Final = 30_000
"""How long a page may take to show something beside other tests."""
PATIENCE_MS: Final = 120_000
"""How long processing of the clip may take beside other tests."""


@contextmanager
def chromium() -> Generator[Browser]:
    """A browser without a window."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("Chromium is not installed")
    if not PAGES.exists() or not AXE.exists():
        pytest.skip("the pages are not built: make web, which needs Node")
    expect.set_options(timeout=EXPECTED_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visitor:
    """Somebody with a browser of their own: cookies and storage are shared with nobody."""

    context: BrowserContext
    page: Page
    edge_url: str
    wrong: list[str] = field(default_factory=list[str])
    """What the console complained about, and requests to others than the edge."""

    def go(self, path: str) -> None:
        self.page.goto(self.edge_url + path)

    def sign_up(self) -> str:
        """Makes an account by the page; its handle."""
        handle = f"u{uuid.uuid4().hex[:12]}"
        self.go("/sign-up")
        self.page.get_by_label("E-mail").fill(f"{handle}@example.org")
        self.page.get_by_role("textbox", name="Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Create account").click()
        expect(self.page.get_by_role("link", name="Upload", exact=True)).to_be_visible(timeout=20_000)
        return handle

    def sign_in(self, handle: str) -> None:
        """Signs in by the page somebody who has an account, and is in the studio then."""
        self.go("/sign-in?next=/studio")
        self.page.get_by_label("E-mail").fill(f"{handle}@example.org")
        self.page.get_by_role("textbox", name="Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("link", name="Upload", exact=True)).to_be_visible()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def choose(self, file: Path = CLIP, button: str = "Choose a file") -> None:
        """Chooses a file on the page for uploads."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name=button, exact=True).click()
        chooser.value.set_files(file)

    def new_tab(self) -> None:
        """Closes the tab, whatever it is doing, and opens another."""
        self.page.close(run_before_unload=False)
        self.page = self.context.new_page()
        listen(self)

    def video(self, expression: str) -> Any:
        """What a property of the video element says, e.g. `currentTime`."""
        return self.page.evaluate(f"document.querySelector('video').{expression}")

    def wait_video(self, condition: str, seconds: float = 60) -> None:
        """Returns once a condition on `video` holds."""
        script = (
            f"(() => {{ const video = document.querySelector('video'); return Boolean(video && ({condition})); }})()"
        )
        give_up = time.monotonic() + seconds
        # Playwright's own waiting evaluates text in the page, which its policy forbids.
        while not self.page.evaluate(script):
            assert time.monotonic() < give_up, f"not within {seconds} s: {condition}; {self.now()}; {self.wrong}"
            self.page.wait_for_timeout(50)

    def now(self) -> Any:
        """What can be seen of the video element, for whoever reads why a test failed."""
        read = "({currentTime, duration, paused, ended, readyState, videoHeight, error}) => "
        told = "({currentTime, duration, paused, ended, readyState, videoHeight, error: error && error.message})"
        return self.page.evaluate(
            f"(() => {{ const video = document.querySelector('video'); return video && ({read}{told})(video); }})()"
        )

    def violations(self) -> list[str]:
        """What axe finds wrong with the page as it is now."""
        # What fades in has its colours when it has come.
        self.page.evaluate(SETTLED)
        # In the isolated world that Playwright evaluates in, so that the page's own policy does not matter.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run()")["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]

    def screenshot(self, name: str) -> None:
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png")


def visitor(browser: Browser, stack: Stack, **options: Any) -> Visitor:
    """A new visitor of a stack's pages."""
    context = browser.new_context(**options)
    context.set_default_timeout(EXPECTED_MS)
    somebody = Visitor(context, context.new_page(), stack.edge_url)
    listen(somebody)
    return somebody


def listen(somebody: Visitor) -> None:
    ours = urlsplit(somebody.edge_url).netloc

    def asked(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in {"blob", "data"} and url.netloc != ours:
            somebody.wrong.append(f"request to {request.url}")

    somebody.page.on("request", asked)
    somebody.page.on("pageerror", lambda error: somebody.wrong.append(str(error)))
    somebody.page.on(
        "console", lambda said: somebody.wrong.append(said.text) if said.type in {"error", "warning"} else None
    )


def stored(somebody: Visitor) -> str:
    """All that a script of the page could read of what the browser keeps."""
    script = "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"
    return json.dumps(somebody.page.evaluate(script))

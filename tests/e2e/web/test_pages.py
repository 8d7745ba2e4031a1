"""Every page at three widths: nothing wrong by axe, nothing wider than the window, nothing asked of anybody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.people import sign_up_by_command, upload_by_command
from tests.e2e.stacks import Stack
from tests.e2e.web.browsing import WIDTHS, Visitor, visitor

pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True, slots=True)
class Shown:
    """A creator's public video."""

    handle: str
    video_id: str


@pytest.fixture(scope="module")
def shown(browser: Browser, stack: Stack) -> Shown:
    # The browser first: where there is none, nothing is uploaded either.
    assert browser.is_connected()
    handle = sign_up_by_command(stack)
    return Shown(handle, upload_by_command(stack, "--visibility", "public")["video_id"])


@pytest.fixture
def stranger(browser: Browser, stack: Stack) -> Iterator[Visitor]:
    somebody = visitor(browser, stack)
    yield somebody
    somebody.context.close()


@pytest.fixture(scope="module")
def creator(browser: Browser, stack: Stack, shown: Shown) -> Iterator[Visitor]:
    somebody = visitor(browser, stack)
    somebody.sign_in(shown.handle)
    yield somebody
    somebody.context.close()


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name, exact=True)


THEMES: Final = ("light", "dark", "light")
"""One for each width."""
PUBLIC: Final = {
    "home": ("/", "Newest videos"),
    "sign-in": ("/sign-in", "Welcome back"),
    "sign-up": ("/sign-up", "Create your account"),
    "watch": ("/watch/{video_id}", "Bunny"),
    "channel": ("/@{handle}", "{handle}"),
    "embed": ("/embed/{video_id}", "Bunny"),
    "nothing": ("/there/is/nothing", "Nothing is here"),
}
OWN: Final = {
    "upload": ("/upload", "Upload"),
    "studio": ("/studio", "Your videos"),
    "details": ("/studio/{video_id}", "Bunny"),
    "account": ("/account", "Account"),
    "own-channel": ("/@{handle}", "{handle}"),
}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_page_for_everybody_is_in_order(name: str, shown: Shown, stranger: Visitor) -> None:
    path, title = PUBLIC[name]
    in_order(stranger, name, path, title, shown)


@pytest.mark.parametrize("name", OWN)
def test_a_page_for_its_owner_is_in_order(name: str, shown: Shown, creator: Visitor) -> None:
    path, title = OWN[name]
    in_order(creator, name, path, title, shown)


def in_order(somebody: Visitor, name: str, path: str, title: str, shown: Shown) -> None:
    page = somebody.page
    names = {"handle": shown.handle, "video_id": shown.video_id}
    for (width, height), theme in zip(WIDTHS.items(), THEMES, strict=True):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        somebody.go(path.format(**names))
        expect(heading(page, title.format(**names)).first).to_be_attached()
        page.wait_for_load_state("networkidle")
        somebody.screenshot(f"{name}-{width}-{theme}")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), f"too wide at {width}"
        assert somebody.violations() == [], f"at {width}, {theme}"
    assert somebody.wrong == []


def test_a_page_can_be_used_by_keyboard_alone(shown: Shown, stranger: Visitor) -> None:
    page = stranger.page
    stranger.go("/")
    expect(page.locator(f"a[href='/watch/{shown.video_id}']")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == f"/watch/{shown.video_id}":
            break
    page.keyboard.press("Enter")
    stranger.wait_video("!video.paused && video.currentTime > 0")
    page.keyboard.press("k")
    stranger.wait_video("video.paused")
    page.keyboard.press("5")
    stranger.wait_video("Math.abs(video.currentTime - video.duration / 2) < 0.2")
    page.keyboard.press("m")
    stranger.wait_video("video.muted")
    page.keyboard.press("f")
    stranger.wait_video("document.fullscreenElement !== null")


def test_a_link_begins_where_it_says_and_a_visit_where_the_last_ended(shown: Shown, stranger: Visitor) -> None:
    stranger.go(f"/watch/{shown.video_id}?t=3")
    stranger.wait_video("video.currentTime >= 3")
    assert stranger.video("currentTime") < 4.5


def test_pointing_at_a_video_gets_its_grant_ahead_of_the_click(shown: Shown, stranger: Visitor) -> None:
    page = stranger.page
    stranger.go("/")
    card = page.get_by_role("article").filter(has=page.locator(f"a[href='/watch/{shown.video_id}']"))
    with page.expect_response(lambda response: response.url.endswith("/GetPlayback")):
        card.hover()
    page.wait_for_load_state("networkidle")
    grants: list[str] = []
    page.on("request", lambda request: grants.append(request.url) if request.url.endswith("/GetPlayback") else None)
    card.get_by_role("link", name="Bunny").click()
    stranger.wait_video("!video.paused && video.currentTime > 0")
    assert grants == []

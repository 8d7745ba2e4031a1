"""Captions in the player: chosen by hand or by key, shown by the browser, and remembered."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.people import Person, somebody
from tests.e2e.speaking import LONG, PATIENCE, add, captions_of
from tests.e2e.stacks import Stack
from tests.e2e.uploading import upload
from tests.e2e.web.browsing import Visitor
from tests.e2e.web.conftest import NewVisitor

pytestmark = pytest.mark.timeout(600)

SRT = (
    "1\n00:00:00,000 --> 00:00:02,000\n<i>Peach</i> & quiet\n\n"
    "2\n00:00:02,000 --> 00:00:06,000\n<script>alert(1)</script> to the end\n"
)
SHOWN = "Array.from(video.textTracks).filter((track) => track.mode === 'showing')"
CUES = f"{SHOWN}.flatMap((track) => Array.from(track.activeCues ?? [])).map((cue) => cue.text).join('|')"


@pytest.fixture(scope="module")
def video_id(browser: Browser, stack: Stack) -> str:
    """A public video with captions in two languages."""
    assert browser.is_connected()
    creator: Person = somebody(stack)
    with_captions = upload(creator, seconds=LONG)
    add(creator, with_captions, "en", SRT).raise_for_status()
    add(creator, with_captions, "de", SRT.replace("Peach", "Pfirsich")).raise_for_status()
    captions_of(creator, with_captions, "de", "en")
    creator.publish(with_captions, "PUBLIC")
    creator.edge.close()
    return with_captions


def open_settings(page: Page) -> None:
    # By script, because the controls hide from a mouse that rests.
    page.get_by_role("button", name="Quality and speed").dispatch_event("click")


def choice(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="Captions").get_by_role("radio", name=name, exact=True)


def paused_at_the_beginning(viewer: Visitor, video_id: str) -> None:
    viewer.go(f"/watch/{video_id}")
    viewer.wait_video("video.readyState >= 2 && video.duration > 5", PATIENCE)
    viewer.page.evaluate("document.querySelector('video').pause()")
    viewer.page.evaluate("document.querySelector('video').currentTime = 1")
    viewer.wait_video("video.paused && !video.seeking && video.readyState >= 2")


def test_captions_are_off_until_somebody_chooses_a_language(video_id: str, new_visitor: NewVisitor) -> None:
    viewer = new_visitor()
    page = viewer.page
    paused_at_the_beginning(viewer, video_id)
    open_settings(page)
    expect(choice(page, "Off")).to_be_checked()
    viewer.wait_video(f"{SHOWN}.length === 0")
    choice(page, "English").check()
    viewer.wait_video(f"{CUES} === '<i>Peach</i> &amp; quiet'")
    assert viewer.violations() == []
    page.keyboard.press("Escape")
    viewer.screenshot("captions")
    page.evaluate("document.querySelector('video').currentTime = 3")
    viewer.wait_video(f"{CUES} === '&lt;script&gt;alert(1)&lt;/script&gt; to the end'")
    open_settings(page)
    choice(page, "German").check()
    page.evaluate("document.querySelector('video').currentTime = 1")
    viewer.wait_video(f"{CUES} === '<i>Pfirsich</i> &amp; quiet'")
    choice(page, "Off").check()
    viewer.wait_video(f"{SHOWN}.length === 0")
    assert viewer.wrong == []


def test_a_key_switches_them_and_the_language_is_remembered(video_id: str, new_visitor: NewVisitor) -> None:
    viewer = new_visitor()
    page = viewer.page
    paused_at_the_beginning(viewer, video_id)
    page.keyboard.press("c")
    viewer.wait_video(f"{CUES} === '<i>Peach</i> &amp; quiet'")
    expect(page.get_by_role("status").filter(has_text="English")).to_be_attached()
    page.keyboard.press("c")
    viewer.wait_video(f"{SHOWN}.length === 0")
    open_settings(page)
    choice(page, "German").check()
    page.keyboard.press("Escape")
    paused_at_the_beginning(viewer, video_id)
    viewer.wait_video(f"{CUES} === '<i>Pfirsich</i> &amp; quiet'")
    page.keyboard.press("c")
    viewer.wait_video(f"{SHOWN}.length === 0")
    paused_at_the_beginning(viewer, video_id)
    open_settings(page)
    expect(choice(page, "Off")).to_be_checked()
    assert viewer.wrong == []

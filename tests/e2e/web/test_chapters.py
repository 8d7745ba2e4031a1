"""Chapters: kept by a creator in the studio, shown on the player's bar, in a list and by keys."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.people import Person, somebody
from tests.e2e.speaking import LONG, PATIENCE
from tests.e2e.stacks import Stack
from tests.e2e.uploading import upload
from tests.e2e.web.browsing import PATIENCE_MS, WIDTHS, Visitor, visitor
from tests.e2e.web.conftest import NewVisitor

pytestmark = pytest.mark.timeout(600)

DESCRIPTION = "What happens:\n0:00 Calm\n0:12 Storm <b>x</b>\n0:24 Calm again\n"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty-six seconds, long enough for chapters in a description."""
    made = tmp_path_factory.mktemp("film") / "film.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=d=36:s=320x180:r=25", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, made], check=True)
    return made


@pytest.fixture(scope="module")
def person(browser: Browser, stack: Stack) -> Iterator[Person]:
    assert browser.is_connected()
    new = somebody(stack)
    yield new
    new.edge.close()


@pytest.fixture(scope="module")
def video_id(person: Person, film: Path) -> str:
    made = upload(person, film, seconds=LONG)
    person.edge.patch(f"/v1/videos/{made}", json={"description": DESCRIPTION}).raise_for_status()
    person.publish(made, "PUBLIC")
    told_to_players(person, made, "Calm", "Storm <b>x</b>", "Calm again")
    return made


@pytest.fixture
def creator(browser: Browser, stack: Stack, person: Person) -> Iterator[Visitor]:
    opened = visitor(browser, stack)
    opened.sign_in(person.handle)
    yield opened
    opened.context.close()


def now_in(page: Page, title: str) -> Locator:
    return page.get_by_role("button", name=f"Chapter: {title}. All chapters")


def editor(page: Page) -> Locator:
    return page.get_by_role("region", name="Chapters")


def write(page: Page, number: int, begin: str, title: str) -> None:
    editor(page).get_by_label(f"Start {number}").fill(begin)
    editor(page).get_by_label(f"Title {number}").fill(title)


def told_to_players(person: Person, video_id: str, *titles: str) -> None:
    """Returns once players are told these chapters; services hear of changes a moment later."""
    give_up = time.monotonic() + PATIENCE
    while True:
        playback = person.playback(video_id).raise_for_status().json()["playback"]
        found = [chapter["title"] for chapter in playback["chapters"]]
        if found == list(titles):
            return
        assert time.monotonic() < give_up, found
        time.sleep(0.2)


def test_viewers_see_chapters_on_the_bar_in_a_list_and_go_to_them_by_keys(
    video_id: str, new_visitor: NewVisitor
) -> None:
    viewer = new_visitor()
    page = viewer.page
    viewer.go(f"/watch/{video_id}")
    viewer.wait_video("video.readyState >= 2 && video.duration > 30", LONG)
    page.evaluate("document.querySelector('video').pause()")
    page.keyboard.press("Control+ArrowRight")
    viewer.wait_video("video.currentTime === 12")
    expect(page.get_by_role("status").filter(has_text="Storm <b>x</b>")).to_be_attached()
    expect(page.get_by_role("slider", name="Position")).to_have_attribute(
        "aria-valuetext", "0:12 of 0:36, Storm <b>x</b>"
    )
    page.keyboard.press("Control+ArrowRight")
    viewer.wait_video("video.currentTime === 24")
    page.keyboard.press("Control+ArrowLeft")
    viewer.wait_video("video.currentTime === 12")
    now_in(page, "Storm <b>x</b>").press("Enter")
    listed = page.get_by_role("navigation", name="Chapters")
    expect(listed.get_by_role("button")).to_have_text(["0:00Calm", "0:12Storm <b>x</b>", "0:24Calm again"])
    expect(listed.get_by_role("button", name="Storm")).to_be_focused()
    assert viewer.violations() == []
    viewer.screenshot("chapters-player")
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        viewer.screenshot(f"chapters-player-{width}")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), f"too wide at {width}"
    listed.get_by_role("button", name="Calm again").press("Enter")
    viewer.wait_video("video.currentTime === 24")
    expect(listed).to_have_count(0)
    expect(now_in(page, "Calm again")).to_be_focused()
    assert viewer.wrong == []


def test_a_creator_begins_with_those_of_the_description_and_changes_them(
    creator: Visitor, person: Person, video_id: str, new_visitor: NewVisitor
) -> None:
    page = creator.page
    creator.go(f"/studio/{video_id}")
    expect(editor(page)).to_contain_text("Players show 3 chapters from the description.")
    editor(page).get_by_role("button", name="Change them").click()
    expect(editor(page).get_by_label("Title 2")).to_have_value("Storm <b>x</b>")

    # What is wrong is said where it is, here or by the API.
    write(page, 1, "soon", "Calm")
    expect(editor(page).get_by_role("alert")).to_have_text("Write it as 1:30.")
    write(page, 1, "0:01", "Calm")
    editor(page).get_by_role("button", name="Save chapters").click()
    expect(editor(page).get_by_role("alert")).not_to_have_text("Write it as 1:30.")
    assert creator.violations() == []
    creator.screenshot("chapters-studio")
    assert [line for line in creator.wrong if "400" not in line] == []
    creator.wrong.clear()

    write(page, 1, "0:00", "One")
    write(page, 2, "0:10.5", "Two")
    editor(page).get_by_role("button", name="Remove chapter 3").click()
    editor(page).get_by_role("button", name="Save chapters").press("Enter")
    expect(page.get_by_text("Saved")).to_be_visible()
    expect(editor(page).get_by_role("button", name="Save chapters")).to_have_count(0)
    expect(editor(page).get_by_label("Start 2")).to_have_value("0:10.5")

    told_to_players(person, video_id, "One", "Two")
    viewer = new_visitor()
    viewer.go(f"/watch/{video_id}")
    viewer.wait_video("video.readyState >= 2 && video.duration > 30", LONG)
    expect(now_in(viewer.page, "One").or_(now_in(viewer.page, "Two"))).to_be_attached(timeout=PATIENCE_MS)
    assert creator.wrong == []


def test_without_chapters_there_is_no_list(person: Person, new_visitor: NewVisitor) -> None:
    plain = upload(person, seconds=LONG)
    person.publish(plain, "PUBLIC")
    viewer = new_visitor()
    viewer.go(f"/watch/{plain}")
    viewer.wait_video("video.readyState >= 2")
    expect(viewer.page.get_by_role("button", name="All chapters")).to_have_count(0)
    viewer.page.keyboard.press("Control+ArrowRight")
    assert viewer.wrong == []

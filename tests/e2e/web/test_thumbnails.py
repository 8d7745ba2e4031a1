"""The picture that is shown for a video, as its creator chooses it in the studio."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from tests.e2e.people import Person, somebody
from tests.e2e.speaking import LONG, PATIENCE
from tests.e2e.stacks import Stack
from tests.e2e.uploading import upload
from tests.e2e.web.browsing import PATIENCE_MS, Visitor, visitor

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def person(browser: Browser, stack: Stack) -> Iterator[Person]:
    assert browser.is_connected()
    new = somebody(stack)
    yield new
    new.edge.close()


@pytest.fixture(scope="module")
def video_id(person: Person) -> str:
    return upload(person, seconds=LONG)


@pytest.fixture
def creator(browser: Browser, stack: Stack, person: Person) -> Iterator[Visitor]:
    opened = visitor(browser, stack)
    opened.sign_in(person.handle)
    yield opened
    opened.context.close()


def section(page: Page) -> Locator:
    return page.get_by_role("region", name="Thumbnail")


def shown_when_not(person: Person, video_id: str, former: str) -> str:
    """The picture that lists show, once it is another one; without its grant, which changes with time."""
    give_up = time.monotonic() + PATIENCE
    while True:
        video = person.get(f"/v1/videos/{video_id}").raise_for_status().json()["video"]
        path = video["thumbnail"]["url"].partition("/v/")[2]
        if path != former:
            return path
        assert time.monotonic() < give_up, path
        time.sleep(0.2)


def picture(page: Page) -> FilePayload:
    """A picture of one colour, made by the browser."""
    script = """() => new Promise((resolve) => {
        const canvas = document.createElement('canvas');
        canvas.width = 640; canvas.height = 360;
        const drawing = canvas.getContext('2d');
        drawing.fillStyle = '#c2410c'; drawing.fillRect(0, 0, 640, 360);
        canvas.toBlob(async (blob) => resolve([...new Uint8Array(await blob.arrayBuffer())]), 'image/png');
    })"""
    return {"name": "own.png", "mimeType": "image/png", "buffer": bytes(page.evaluate(script))}


def test_a_creator_chooses_among_pictures_and_uploads_one(creator: Visitor, person: Person, video_id: str) -> None:
    page = creator.page
    creator.go(f"/studio/{video_id}")
    choices = section(page).get_by_role("radio")
    expect(choices.nth(1)).to_be_attached(timeout=PATIENCE_MS)
    first = shown_when_not(person, video_id, "")
    section(page).get_by_role("radio", checked=False).first.check(force=True)
    second = shown_when_not(person, video_id, first)
    assert creator.violations() == []
    creator.screenshot("thumbnails-studio")

    # What is no picture is refused in the API's words.
    section(page).locator("input[type=file]").set_input_files(
        {"name": "own.jpg", "mimeType": "image/jpeg", "buffer": b"<svg onload=alert(1)>"}
    )
    expect(section(page).get_by_role("alert")).to_be_visible()
    assert creator.violations() == []
    assert [line for line in creator.wrong if "400" not in line] == []
    creator.wrong.clear()

    section(page).locator("input[type=file]").set_input_files([picture(page)])
    own = section(page).get_by_role("radio", name="Your own picture")
    expect(own).to_be_checked(timeout=PATIENCE_MS)
    expect(section(page).get_by_role("alert")).to_have_count(0)
    third = shown_when_not(person, video_id, second)
    creator.screenshot("thumbnails-own")
    section(page).get_by_role("button", name="Delete your own").click()
    expect(own).to_have_count(0)
    shown_when_not(person, video_id, third)
    assert creator.wrong == []


def test_a_picture_that_is_too_large_is_not_sent(creator: Visitor, video_id: str) -> None:
    page = creator.page
    creator.go(f"/studio/{video_id}")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "UploadThumbnail" in request.url else None)
    expect(section(page).get_by_role("button", name="Upload your own")).to_be_visible()
    section(page).locator("input[type=file]").set_input_files(
        {"name": "own.jpg", "mimeType": "image/jpeg", "buffer": bytes(1_500_001)}
    )
    expect(section(page).get_by_role("alert")).to_have_text("The picture is larger than 1.5 MB.")
    assert sent == []

"""Captions as a creator keeps them in the studio: added, refused for a reason, replaced, deleted, found."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from tests.e2e.people import Person, somebody
from tests.e2e.speaking import LONG, captions_of
from tests.e2e.stacks import Stack
from tests.e2e.uploading import upload
from tests.e2e.web.browsing import Visitor, visitor

pytestmark = pytest.mark.timeout(600)

SRT = "1\n00:00:00,000 --> 00:00:01,000\nEins\n\n2\n00:00:01,000 --> 00:00:02,000\nZwei\n"
SHORT_SRT = "1\n00:00:00,000 --> 00:00:01,000\nEins\n"
BROKEN_SRT = "1\n00:00:00,000 --> 00:00:01,000\nEins\n\n2\n00:00:09,000 --> 00:00:02,000\nZwei\n"


def pictures() -> bytes:
    """Captions that are pictures, as Blu-rays have them (Presentation Graphic Streams): three empty ones."""

    def segment(kind: int, second: float, body: bytes) -> bytes:
        return b"PG" + struct.pack(">IIBH", int(second * 90_000), 0, kind, len(body)) + body

    window = b"\x01" + struct.pack(">BHHHH", 0, 0, 0, 320, 180)
    return b"".join(
        segment(0x16, second, struct.pack(">HHBHBBBB", 320, 180, 0x10, number, 0x80, 0, 0, 0))
        + segment(0x17, second, window)
        + segment(0x80, second, b"")
        for number, second in enumerate((0.5, 1.5, 2.5))
    )


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds with English captions, and French ones that are pictures."""
    folder = tmp_path_factory.mktemp("film")
    (folder / "en.srt").write_text(SRT, encoding="utf-8")
    (folder / "fr.sup").write_bytes(pictures())
    made = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "testsrc=d=4:s=320x180:r=25"]
    inputs = ["-i", folder / "en.srt", "-i", folder / "fr.sup", "-map", "0", "-map", "1", "-map", "2"]
    codecs = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:s:0", "srt", "-c:s:1", "copy"]
    languages = ["-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=fre"]
    subprocess.run([*made, *inputs, *codecs, *languages, folder / "film.mkv"], check=True)
    return folder / "film.mkv"


@pytest.fixture(scope="module")
def person(browser: Browser, stack: Stack) -> Iterator[Person]:
    assert browser.is_connected()
    somebody_new = somebody(stack)
    yield somebody_new
    somebody_new.edge.close()


@pytest.fixture
def creator(browser: Browser, stack: Stack, person: Person) -> Iterator[Visitor]:
    opened = visitor(browser, stack)
    opened.sign_in(person.handle)
    yield opened
    opened.context.close()


def captions(page: Page) -> Locator:
    return page.get_by_role("region", name="Captions")


def row(page: Page, title: str) -> Locator:
    heading = page.get_by_role("heading", name=title, exact=True)
    return captions(page).get_by_role("listitem").filter(has=heading)


def pick(page: Page, title: str, action: str) -> Locator:
    """Opens a dialog from a track's menu."""
    captions(page).get_by_role("button", name=f"Actions for {title}").click()
    page.get_by_role("menuitem", name=action).click()
    return page.get_by_role("dialog")


def file(name: str, text: str) -> list[FilePayload]:
    return [{"name": name, "mimeType": "application/x-subrip", "buffer": text.encode()}]


def test_a_creator_adds_replaces_and_deletes_captions(creator: Visitor, person: Person) -> None:
    page = creator.page
    video_id = upload(person, seconds=LONG)
    creator.go(f"/studio/{video_id}")
    add = captions(page).get_by_role("button", name="Add captions")
    add.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(add).to_be_focused()

    # What is wrong is said in the API's own words, and what was chosen is still there.
    page.keyboard.press("Enter")
    dialog.get_by_label("File").set_input_files(file("talk.de.srt", BROKEN_SRT))
    expect(dialog.get_by_label("Language")).to_have_value("de")
    dialog.get_by_label("Name").fill("SDH")
    dialog.get_by_role("button", name="Upload").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("6")
    assert creator.violations() == []
    creator.screenshot("captions-refused")
    assert [line for line in creator.wrong if "400" not in line] == []
    creator.wrong.clear()

    dialog.get_by_label("File").set_input_files(file("talk.de.srt", SRT))
    expect(dialog.get_by_role("alert")).to_have_count(0)
    dialog.get_by_role("button", name="Upload").press("Enter")
    expect(row(page, "German (SDH)")).to_contain_text("2 cues")
    expect(row(page, "German (SDH)")).to_contain_text("Uploaded")
    captions_of(person, video_id, "de (SDH)")
    assert creator.violations() == []

    # A language that is not in the list is written by its tag.
    add.click()
    dialog.get_by_label("File").set_input_files(file("talk.srt", SRT))
    dialog.get_by_label("Language", exact=True).select_option("Another language")
    dialog.get_by_label("Language tag").fill("cy_GB")
    expect(dialog.get_by_role("alert")).to_have_text("That is no language tag.")
    dialog.get_by_label("Language tag").fill("cy")
    dialog.get_by_role("button", name="Upload").click()
    expect(row(page, "Welsh")).to_be_visible()
    captions_of(person, video_id, "cy", "de (SDH)")

    replace = pick(page, "German (SDH)", "Replace the file")
    replace.get_by_label("File").set_input_files(file("short.srt", SHORT_SRT))
    assert creator.violations() == []
    replace.get_by_role("button", name="Upload").click()
    expect(row(page, "German (SDH)")).to_contain_text("1 cue")
    creator.screenshot("captions-studio")

    delete = pick(page, "German (SDH)", "Delete")
    assert creator.violations() == []
    delete.get_by_role("button", name="Cancel").click()
    expect(row(page, "German (SDH)")).to_be_visible()
    pick(page, "German (SDH)", "Delete").get_by_role("button", name="Delete").click()
    expect(row(page, "German (SDH)")).to_have_count(0)
    captions_of(person, video_id, "cy")
    assert creator.wrong == []


def test_captions_of_the_file_are_shown_and_those_that_could_not_be_kept(
    creator: Visitor, person: Person, film: Path
) -> None:
    page = creator.page
    video_id = upload(person, film, seconds=LONG)
    creator.go(f"/studio/{video_id}")
    expect(row(page, "English")).to_contain_text("From the file")
    expect(captions(page).get_by_role("status")).to_contain_text("French")
    expect(captions(page).get_by_role("status")).to_contain_text("pictures")
    creator.screenshot("captions-left-out")
    assert creator.violations() == []
    assert creator.wrong == []


def test_a_file_that_is_too_large_is_not_sent(creator: Visitor, person: Person) -> None:
    page = creator.page
    video_id = upload(person, seconds=LONG)
    creator.go(f"/studio/{video_id}")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "UploadCaption" in request.url else None)
    captions(page).get_by_role("button", name="Add captions").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("File").set_input_files(file("talk.srt", SRT * 20_000))
    expect(dialog.get_by_role("alert")).to_contain_text("1 MiB")
    dialog.get_by_role("button", name="Upload").click()
    expect(dialog.get_by_role("alert")).to_contain_text("1 MiB")
    assert sent == []

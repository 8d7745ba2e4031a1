"""A stranger comes, uploads, watches, and shows it to others."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.web.browsing import PATIENCE_MS, stored
from tests.e2e.web.conftest import NewVisitor

pytestmark = pytest.mark.timeout(240)


def test_a_first_video_is_uploaded_followed_watched_and_published(new_visitor: NewVisitor) -> None:
    creator = new_visitor()
    page = creator.page
    creator.sign_up()

    # Three clicks from here to a picture that moves: upload, choose, watch.
    page.get_by_role("link", name="Upload", exact=True).click()
    creator.choose()
    card = page.get_by_role("article")
    expect(card.get_by_role("region", name="Upload", exact=True)).to_contain_text("All of it is there", timeout=30_000)
    processing = card.get_by_role("region", name="Processing")
    expect(processing.get_by_role("listitem").filter(has_text="360p")).to_be_visible(timeout=PATIENCE_MS)
    expect(processing.get_by_role("listitem").filter(has_text="720p")).to_contain_text("Ready", timeout=PATIENCE_MS)
    card.get_by_role("link", name="Watch").click()
    creator.wait_video("!video.paused && video.currentTime > 0")
    video_id = page.url.rsplit("/", 1)[1]

    # Another quality, under way, and on to the end.
    for quality, height in (("360p", 360), ("720p", 720)):
        page.get_by_role("button", name="Quality and speed").click()
        page.get_by_role("radio", name=quality, exact=True).check()
        page.keyboard.press("Escape")
        page.keyboard.press("0")
        creator.wait_video(f"video.videoHeight === {height}")
    creator.wait_video("video.ended")
    assert creator.video("error") is None

    # While it is private nobody else is told that it exists.
    stranger = new_visitor()
    stranger.go(f"/watch/{video_id}")
    expect(stranger.page.get_by_role("heading", name="No such video")).to_be_visible()
    stranger.go("/")
    expect(stranger.page.locator(f"a[href='/watch/{video_id}']")).to_have_count(0)

    page.get_by_role("link", name="Details").click()
    page.get_by_label("Title").fill("Bunny <b onload=alert(1)>")
    page.get_by_role("radio", name=re.compile("^Public")).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()

    stranger.go("/")
    stranger.page.locator(f"a[href='/watch/{video_id}']").click()
    expect(stranger.page.get_by_role("heading", name="Bunny <b onload=alert(1)>")).to_be_visible()
    stranger.wait_video("!video.paused && video.currentTime > 0.5")
    assert creator.wrong == []
    assert [line for line in stranger.wrong if "404" not in line] == []


def test_no_script_can_read_who_is_signed_in_with_what(new_visitor: NewVisitor) -> None:
    somebody = new_visitor()
    somebody.sign_up()
    cookies = {cookie.get("name"): cookie for cookie in somebody.context.cookies()}
    assert set(cookies) == {"vidmesh_access", "vidmesh_refresh"}
    seen = stored(somebody)
    for cookie in cookies.values():
        assert cookie.get("httpOnly") is True
        assert str(cookie.get("value")) not in seen


def test_a_sign_in_holds_across_tabs_and_ends_in_all_of_them(new_visitor: NewVisitor) -> None:
    somebody = new_visitor()
    handle = somebody.sign_up()
    other = somebody.context.new_page()
    other.goto(f"{somebody.edge_url}/studio")
    expect(other.get_by_role("heading", name="Your channel is empty")).to_be_visible()
    somebody.page.get_by_role("button", name=f"Account menu of {handle}").click()
    somebody.page.get_by_role("menuitem", name="Sign out").click()
    expect(somebody.page.get_by_role("link", name="Sign in")).to_be_visible()
    expect(other).to_have_url(re.compile(r"/sign-in\?next=%2Fstudio$"))


def test_a_deleted_video_can_be_taken_back(new_visitor: NewVisitor) -> None:
    creator = new_visitor()
    page = creator.page
    creator.sign_up()
    creator.go("/upload")
    creator.choose()
    expect(page.get_by_role("region", name="Upload", exact=True)).to_contain_text("All of it is there", timeout=30_000)
    page.get_by_role("link", name="Studio").click()
    page.get_by_role("button", name="Actions for bigbuckbunny").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("button", name="Restore")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Actions for bigbuckbunny")).to_be_visible()
    assert creator.wrong == []

"""What happens to people: the network goes, a tab is closed, a grant ends, the edge is restarted. The page recovers."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Request, Route, expect

from tests.e2e.people import sign_up_by_command, upload_by_command
from tests.e2e.stacks import StartStack
from tests.e2e.web.browsing import Visitor, visitor
from tests.e2e.web.conftest import NewVisitor

pytestmark = pytest.mark.timeout(240)

SLOW = 400_000
"""Bytes per second of an upload that is looked at in its midst."""


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file that takes a while to be sent. It is no video, which only its processing finds out."""
    file = tmp_path / "large.mp4"
    file.write_bytes(os.urandom(6_000_000))
    return file


def sending_of(somebody: Visitor) -> Locator:
    """What the page says about the only upload's bytes."""
    return somebody.page.get_by_role("region", name="Upload", exact=True)


def slowly(somebody: Visitor) -> None:
    """From now on its page sends no faster than `SLOW`."""
    session = somebody.context.new_cdp_session(somebody.page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": SLOW},
    )


def test_an_upload_waits_for_the_network_and_goes_on_by_itself(new_visitor: NewVisitor, large: Path) -> None:
    creator = new_visitor()
    creator.sign_up()
    creator.go("/upload")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    creator.page.route(re.compile("/vidmesh-source/"), hold)
    creator.choose(large)
    sending = sending_of(creator)
    expect(creator.page.get_by_role("button", name="Pause")).to_be_visible()
    while not held:
        creator.page.wait_for_timeout(50)
    creator.context.set_offline(True)
    for route in held:
        route.abort("internetdisconnected")
    creator.page.unroute(re.compile("/vidmesh-source/"))
    expect(creator.page.get_by_text("You are offline")).to_be_visible()
    expect(sending).to_contain_text("Waiting for the network", timeout=60_000)
    creator.context.set_offline(False)
    expect(sending).to_contain_text("All of it is there", timeout=60_000)
    expect(creator.page.get_by_text("You are offline")).to_be_hidden()


def test_an_upload_goes_on_in_another_tab_where_a_closed_one_stopped(new_visitor: NewVisitor, large: Path) -> None:
    creator = new_visitor()
    creator.sign_up()
    creator.go("/upload")
    slowly(creator)
    creator.choose(large)
    sending = creator.page.get_by_role("progressbar", name="Upload of large.mp4")
    expect(sending).to_have_attribute("aria-valuenow", re.compile("^[2-9][0-9]$"), timeout=60_000)
    creator.new_tab()

    creator.go("/upload")
    expect(creator.page.get_by_role("region", name="Interrupted uploads")).to_contain_text("large.mp4 (6 MB)")
    creator.choose(large, "Choose it again")
    expect(sending_of(creator)).to_contain_text("All of it is there", timeout=60_000)
    expect(creator.page.get_by_role("region", name="Interrupted uploads")).to_be_hidden()
    creator.page.get_by_role("link", name="Studio").click()
    expect(creator.page.get_by_role("heading", name="large")).to_have_count(1)


def test_another_file_is_not_taken_for_the_interrupted_one(new_visitor: NewVisitor, large: Path) -> None:
    creator = new_visitor()
    creator.sign_up()
    creator.go("/upload")
    creator.page.route(re.compile("/vidmesh-source/"), lambda route: None)
    creator.choose(large)
    expect(creator.page.get_by_label("Title")).to_have_value("large")
    creator.new_tab()
    creator.go("/upload")
    other = large.with_name("other.mp4")
    other.write_bytes(b"other")
    creator.choose(other, "Choose it again")
    expect(creator.page.get_by_role("alert")).to_contain_text("That is another file")
    creator.page.get_by_role("button", name="Give up").click()
    expect(creator.page.get_by_role("region", name="Interrupted uploads")).to_be_hidden()


def test_playing_survives_an_ended_grant_and_a_restarted_edge(start_stack: StartStack, new_visitor: NewVisitor) -> None:
    stack = start_stack()
    sign_up_by_command(stack)
    video_id = upload_by_command(stack, "--visibility", "public")["video_id"]
    viewer = visitor(new_visitor().context.browser or pytest.fail("no browser"), stack)
    page = viewer.page

    # The first grant is taken for the manifests alone, as if it had ended right after.
    grants: list[str] = []

    def media(route: Route, request: Request) -> None:
        grant = re.search("/media/~([^/]+)/", request.url)
        assert grant is not None
        grants.append(grant[1])
        if grant[1] == grants[0] and ".m3u8" not in request.url:
            route.fulfill(status=403, headers={"access-control-allow-origin": "*"})
        else:
            route.continue_()

    page.route(re.compile(r"/media/.*\.(m3u8|mp4|m4s)"), media)
    viewer.go(f"/watch/{video_id}")
    viewer.wait_video("video.ended")
    assert len(set(grants)) > 1
    page.unroute_all()

    viewer.go("/")
    link = page.locator(f"a[href='/watch/{video_id}']")
    expect(link).to_be_visible()
    stack.kill("edge")
    link.click()
    viewer.wait_video("!video.paused && video.currentTime > 0")
    viewer.context.close()


def test_a_page_whose_code_does_not_come_waits_for_it(new_visitor: NewVisitor) -> None:
    somebody = new_visitor()
    failed: list[str] = []

    def gone(route: Route, request: Request) -> None:
        failed.append(request.url)
        if len(failed) > 4:
            route.continue_()
        else:
            route.abort("connectionrefused")

    somebody.go("/")
    somebody.page.route(re.compile("/assets/SignIn-"), gone)
    somebody.page.get_by_role("link", name="Sign in").click()
    expect(somebody.page.get_by_role("heading", name="Welcome back")).to_be_visible(timeout=60_000)
    assert len(failed) > 4

"""What happens under way leaves a viewer in peace: other qualities are picked or come later, the edge goes."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from mesh.testing import grpc_web
from tests.e2e.people import sign_up_by_command, upload_by_command
from tests.e2e.stacks import Stack
from tests.e2e.web.browsing import Visitor
from tests.e2e.web.conftest import NewVisitor
from vidmesh.playback.v1.playback_service_pb2 import GetPlaybackResponse
from vidmesh.upload.v1.video_pb2 import ProcessingState
from vidmesh.upload.v1.video_service_pb2 import GetVideoResponse

pytestmark = pytest.mark.timeout(240)

EARLIER: Final = "earlier"
"""In the place of the manifests' generation, where there was no 720p yet."""
LONG_MS: Final = 60_000


@pytest.fixture(scope="module")
def video_id(browser: Browser, stack: Stack) -> str:
    assert browser.is_connected()
    sign_up_by_command(stack)
    return upload_by_command(stack, "--visibility", "public")["video_id"]


def quality(page: Page, name: str) -> Locator:
    return page.get_by_role("radio", name=name, exact=True)


def settings(page: Page) -> None:
    """Opens or closes them."""
    # By script, because the controls hide from a mouse that rests.
    page.get_by_role("button", name="Quality and speed").dispatch_event("click")


def pick(page: Page, name: str) -> None:
    settings(page)
    quality(page, name).check()
    page.keyboard.press("Escape")


def test_a_quality_that_is_picked_at_the_end_is_that_of_the_next_time(video_id: str, new_visitor: NewVisitor) -> None:
    viewer = new_visitor()
    viewer.go(f"/watch/{video_id}")
    viewer.wait_video("video.ended")
    for name, height in (("360p", 360), ("720p", 720)):
        pick(viewer.page, name)
        viewer.page.keyboard.press("0")
        viewer.wait_video(f"video.videoHeight === {height} && video.currentTime < 4")
        viewer.wait_video("video.ended")
    assert viewer.wrong == []


def while_processed(viewer: Visitor, video_id: str) -> None:
    """Its page's first look at a video finds it still processed, and with one quality; the next as it is."""
    page = viewer.page
    looked: set[str] = set()

    def first(route: Route, request: Request) -> None:
        method = request.url.rsplit("/", 1)[1]
        response = route.fetch()
        reply = grpc_web.reply(response.headers, response.body())
        if method in looked:
            return route.fulfill(response=response)
        looked.add(method)
        body = earlier(method, reply.messages[0])
        return route.fulfill(
            response=response, body=grpc_web.framed(body) + response.body()[5 + len(reply.messages[0]) :]
        )

    def manifest(route: Route, request: Request) -> None:
        response = route.fetch(url=generation.sub(f"/m/{there[0]}/", request.url))
        text = response.text()
        if request.url.endswith("/master.m3u8"):
            text = re.sub(r"#EXT-X-STREAM-INF[^\n]*\nvideo-720p.m3u8\n", "", text)
        route.fulfill(response=response, body=text)

    there: list[str] = []
    generation = re.compile("/m/([^/]+)/")

    def earlier(method: str, message: bytes) -> bytes:
        if method == "GetVideo":
            video = GetVideoResponse.FromString(message)
            video.video.processing_state = ProcessingState.PROCESSING_STATE_PROCESSING
            return video.SerializeToString()
        playback = GetPlaybackResponse.FromString(message)
        found = generation.search(playback.playback.hls_url)
        assert found is not None
        there.append(found[1])
        playback.playback.hls_url = generation.sub(f"/m/{EARLIER}/", playback.playback.hls_url)
        playback.playback.manifest_generation -= 1
        return playback.SerializeToString()

    page.route(re.compile("/(GetVideo|GetPlayback)$"), first)
    page.route(re.compile(f"/m/{EARLIER}/"), manifest)
    viewer.go(f"/watch/{video_id}")


def more(page: Page) -> Locator:
    return page.get_by_role("button", name="A better quality is ready")


def test_a_better_quality_comes_while_a_video_plays(video_id: str, new_visitor: NewVisitor) -> None:
    viewer = new_visitor()
    page = viewer.page
    while_processed(viewer, video_id)
    viewer.wait_video("!video.paused && video.currentTime > 0")
    settings(page)
    expect(quality(page, "720p")).to_have_count(0)
    quality(page, "0.25×").click()
    quality(page, "360p").check()
    expect(more(page)).to_be_attached(timeout=LONG_MS)
    before = viewer.video("currentTime")
    more(page).dispatch_event("click")
    expect(quality(page, "720p")).to_be_visible()
    assert quality(page, "360p").is_checked()
    assert quality(page, "0.25×").is_checked()
    viewer.wait_video(f"!video.paused && video.currentTime > {before}")
    assert viewer.video("currentTime") < before + 2
    assert (viewer.video("videoHeight"), viewer.video("playbackRate")) == (360, 0.25)
    quality(page, "720p").check()
    quality(page, "Normal").click()
    viewer.wait_video("video.ended")
    expect(page.locator("canvas")).to_be_hidden()
    assert viewer.wrong == []


def test_a_better_quality_moves_nothing_where_a_video_is_paused(video_id: str, new_visitor: NewVisitor) -> None:
    viewer = new_visitor()
    page = viewer.page
    while_processed(viewer, video_id)
    viewer.wait_video("!video.paused && video.currentTime > 0")
    page.keyboard.press("k")
    page.keyboard.press("5")
    viewer.wait_video("video.paused && Math.abs(video.currentTime - video.duration / 2) < 0.2")
    at = viewer.video("currentTime")
    more(page).click(timeout=LONG_MS)
    settings(page)
    expect(quality(page, "720p")).to_be_visible()
    expect(page.locator("canvas")).to_be_hidden()
    assert viewer.video("paused") is True
    assert abs(viewer.video("currentTime") - at) < 0.05
    quality(page, "720p").check()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    viewer.wait_video("video.ended")
    assert viewer.video("videoHeight") == 720
    assert viewer.wrong == []


def test_a_better_quality_leaves_an_ended_video_at_its_end_and_is_there_when_it_plays_again(
    video_id: str, new_visitor: NewVisitor
) -> None:
    viewer = new_visitor()
    page = viewer.page
    while_processed(viewer, video_id)
    viewer.wait_video("video.ended")
    assert viewer.video("videoHeight") == 360
    more(page).click(timeout=LONG_MS)
    page.wait_for_timeout(500)
    assert viewer.video("ended") is True
    page.get_by_role("button", name="Play again").first.click()
    settings(page)
    quality(page, "720p").check(timeout=LONG_MS)
    viewer.wait_video("video.ended")
    assert viewer.video("videoHeight") == 720
    assert viewer.wrong == []


def test_a_video_whose_edge_goes_before_it_begins_waits_for_it(video_id: str, new_visitor: NewVisitor) -> None:
    viewer = new_visitor()
    away: list[str] = []

    def gone(route: Route, request: Request) -> None:
        away.append(request.url)
        if len(away) > 6:
            route.continue_()
        elif len(away) % 2:
            route.abort("connectionrefused")
        else:
            route.fulfill(status=503, headers={"access-control-allow-origin": "*"})

    viewer.page.route(re.compile(r"\.m3u8$"), gone)
    viewer.go(f"/watch/{video_id}")
    viewer.wait_video("!video.paused && video.currentTime > 0")
    assert len(away) > 6


def test_looking_for_a_moment_shows_its_picture(video_id: str, new_visitor: NewVisitor) -> None:
    viewer = new_visitor()
    page = viewer.page
    viewer.go(f"/watch/{video_id}")
    viewer.wait_video("video.ended")
    bar = page.get_by_role("slider", name="Position")
    tile = bar.locator("[style*=sheet]")
    box = bar.bounding_box()
    assert box is not None
    seen: list[str] = []
    for share in (0.1, 0.6):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        expect(tile).to_be_visible()
        seen.append(str(tile.get_attribute("style")))
    assert seen[0] != seen[1]
    viewer.screenshot("player-storyboard")
    page.mouse.move(box["x"], box["y"] - 200)
    expect(tile).to_have_count(0)

    bar.focus()
    page.keyboard.press("0")
    expect(tile).to_be_visible()
    expect(tile).to_have_count(0)
    assert viewer.wrong == []


def test_a_storyboard_that_does_not_come_is_not_missed(video_id: str, new_visitor: NewVisitor) -> None:
    viewer = new_visitor()
    page = viewer.page
    page.route(re.compile(r"storyboard\.vtt$"), lambda route: route.abort())
    viewer.go(f"/watch/{video_id}")
    viewer.wait_video("video.ended")
    with page.expect_event("requestfailed"):
        page.get_by_role("slider", name="Position").hover()
    expect(page.get_by_text(re.compile(r"^0:0\d$"))).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)

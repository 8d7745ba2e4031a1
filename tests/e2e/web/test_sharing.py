"""A public video in other sites: its preview, its oEmbed answer, and its player in another origin's page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.people import Person, nobody, somebody
from tests.e2e.speaking import LONG, PATIENCE
from tests.e2e.stacks import Stack
from tests.e2e.uploading import upload
from tests.e2e.web.browsing import PATIENCE_MS

pytestmark = pytest.mark.timeout(600)

TITLE = "</title><script>alert('t')</script> \"quoted\" & <b>bold</b>"
DESCRIPTION = '"><img src=x onerror=alert(1)>\n0:00 is no chapter'


class Head(HTMLParser):
    """What a crawler reads: named contents, links by their relation, titles, and how many scripts there are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.scripts = 0
        self.title = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        self._inside = tag
        if tag == "meta":
            self.said[have.get("property", have.get("name", ""))] = have.get("content", "")
        elif tag == "link":
            self.links[have["rel"]] = have["href"]
        elif tag == "script":
            self.scripts += 1

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


@pytest.fixture(scope="module")
def creator(browser: Browser, stack: Stack) -> Iterator[Person]:
    assert browser.is_connected()
    person = somebody(stack)
    yield person
    person.edge.close()


@pytest.fixture(scope="module")
def video_id(creator: Person) -> str:
    """A public video whose words are as nasty as they can be."""
    made = upload(creator, title=TITLE, seconds=LONG)
    changed = creator.edge.patch(f"/v1/videos/{made}", json={"description": DESCRIPTION})
    changed.raise_for_status()
    creator.publish(made, "PUBLIC")
    return made


@pytest.fixture
def stranger(stack: Stack) -> Iterator[httpx.Client]:
    with nobody(stack) as client:
        yield client


@pytest.fixture
def blog() -> Iterator[Callable[[str], str]]:
    """Another site: gives the address of a page with this content."""
    pages: dict[str, str] = {}

    class Blog(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path, "").encode()
            self.send_response(200 if page else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (as it is called above)
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Blog)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def publish(content: str) -> str:
        path = f"/{len(pages)}"
        pages[path] = f"<!doctype html><title>A blog</title>{content}"
        return f"http://127.0.0.1:{server.server_address[1]}{path}"

    yield publish
    server.shutdown()
    server.server_close()
    thread.join()


def head_of(client: httpx.Client, video_id: str, agent: str = "facebookexternalhit/1.1") -> Head:
    answer = client.get(f"/watch/{video_id}?fbclid=x", headers={"user-agent": agent, "accept": "*/*"})
    assert answer.status_code == httpx.codes.OK
    return Head(answer.text)


def head_when(client: httpx.Client, video_id: str, condition: Callable[[Head], bool]) -> Head:
    """Once it is so: services hear of changes a moment later."""
    give_up = time.monotonic() + PATIENCE
    while not condition(head := head_of(client, video_id)):
        assert time.monotonic() < give_up, head.said
        time.sleep(0.2)
    return head


def test_whoever_follows_a_link_is_told_what_is_behind_it(stranger: httpx.Client, stack: Stack, video_id: str) -> None:
    head = head_when(stranger, video_id, lambda head: "og:image" in head.said and "og:video" in head.said)
    assert head.said["og:title"] == TITLE
    assert head.title == f"{TITLE} · vidmesh"
    assert head.said["og:description"] == DESCRIPTION.replace("\n", " ")
    assert head.said["og:url"] == head.links["canonical"] == f"{stack.edge_url}/watch/{video_id}"
    # The app's own, as on every page.
    assert head.scripts == Head(stranger.get("/").text).scripts
    picture = httpx.get(head.said["og:image"])
    assert (picture.status_code, picture.headers["content-type"]) == (httpx.codes.OK, "image/jpeg")


def test_browsers_and_crawlers_get_the_same_page(stranger: httpx.Client, video_id: str) -> None:
    by_crawler = head_of(stranger, video_id).said
    assert head_of(stranger, video_id, "Mozilla/5.0").said["og:title"] == by_crawler["og:title"]


@pytest.mark.parametrize("visibility", ["PRIVATE", "UNLISTED"])
def test_of_what_is_not_public_nothing_is_told(
    stranger: httpx.Client, stack: Stack, creator: Person, visibility: str
) -> None:
    hidden = upload(creator, title="A secret title", seconds=LONG)
    creator.publish(hidden, "PUBLIC")
    head_when(stranger, hidden, lambda head: head.said.get("og:title") == "A secret title")
    creator.publish(hidden, visibility)
    head_when(stranger, hidden, lambda head: "og:title" not in head.said)
    pages = [client.get(f"/watch/{hidden}").text for client in (stranger, creator.edge)]
    pages.append(stranger.get("/watch/nothing_her").text)
    assert pages[0] == pages[1] == pages[2]
    assert Head(pages[0]).said["robots"] == "noindex"
    told = stranger.get("/oembed", params={"url": f"{stack.edge_url}/watch/{hidden}"})
    assert told.status_code == httpx.codes.NOT_FOUND


def test_a_player_that_oembed_gave_plays_in_another_origins_page(
    browser: Browser, stranger: httpx.Client, video_id: str, blog: Callable[[str], str]
) -> None:
    head = head_when(stranger, video_id, lambda head: "og:video" in head.said)
    told = httpx.get(head.links["alternate"], params={"maxwidth": "480", "dnt": "1"} | query(head.links["alternate"]))
    assert told.status_code == httpx.codes.OK, told.text
    answer = told.json()
    assert (answer["type"], answer["title"], answer["width"]) == ("video", TITLE, 480)
    context = browser.new_context()
    try:
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(blog(answer["html"]))
        frame = page.frame_locator("iframe")
        frame.get_by_role("button", name="Play (k)").first.click(timeout=PATIENCE_MS)
        playing = page.locator("iframe").element_handle()
        assert playing is not None
        inside = playing.content_frame()
        assert inside is not None
        give_up = time.monotonic() + PATIENCE
        while not inside.evaluate("document.querySelector('video').currentTime > 0.5"):
            assert time.monotonic() < give_up, "it does not play"
            page.wait_for_timeout(100)
        box = page.locator("iframe").bounding_box()
        assert box is not None
        assert (round(box["width"]), round(box["height"])) == (answer["width"], answer["height"])
        assert wrong == []
    finally:
        context.close()


def test_no_other_page_of_ours_can_be_framed(
    browser: Browser, stack: Stack, video_id: str, blog: Callable[[str], str]
) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        for path in (f"/watch/{video_id}", "/", "/account", "/studio"):
            page.goto(blog(f'<iframe src="{stack.edge_url}{path}"></iframe>'))
            page.wait_for_timeout(300)
            inside = page.frames[1]
            assert stack.edge_url not in inside.evaluate("document.URL"), path
        page.goto(blog(f'<iframe src="{stack.edge_url}/embed/{video_id}"></iframe>'))
        expect(page.frame_locator("iframe").get_by_role("region", name="Player")).to_be_visible()
    finally:
        context.close()


def query(url: str) -> dict[str, str]:
    return dict(httpx.URL(url).params)

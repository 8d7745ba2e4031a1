"""Pages of videos carry what SharingService says of them, whatever that is; oEmbed takes what others send besides."""

from __future__ import annotations

import asyncio
import gzip
import random
import string
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.config.sharing import NOT_PUBLIC
from gateway.testing.services import MISSING_VIDEO
from mesh.pages import GZIP, INDEX, PLAIN

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEFORE, AFTER = (
    "<!doctype html><head><meta charset=utf-8>",
    "</head><script type=module src=/assets/main-1a.js></script>",
)
OWN = "<title>vidmesh</title>"
PAGE = f"{BEFORE}<!--head-->{OWN}<!--/head-->{AFTER}"
VIDEO = "abcdefghijk"
BROWSER = {"accept": "text/html", "accept-encoding": "gzip"}


@pytest.fixture(scope="module")
def playback_runs() -> bool:
    return True


@pytest.fixture(autouse=True)
def app(installation: Any) -> Iterator[None]:
    publish(installation, PAGE)
    yield
    installation.store.objects.clear()
    installation.services.seen.head = "<title>A video</title>"
    installation.services.seen.unavailable = 0


def publish(installation: Any, page: str) -> None:
    bucket = f"/{installation.media_bucket}/"
    installation.store.objects[f"{bucket}{PLAIN}{INDEX}"] = page.encode()
    installation.store.objects[f"{bucket}{GZIP}{INDEX}"] = gzip.compress(page.encode())


@pytest.mark.parametrize(
    "head",
    [
        "<title>A video</title>",
        "<title>%0 %1 %% \\0 $begin</title>",
        "<title>\u00e4\u4e16\U0001f407</title>" * 30,
        f"<title>{'long' * 5000}</title>",
    ],
)
async def test_the_page_of_a_video_has_its_head_and_is_the_same_otherwise(
    installation: Any, http: httpx.AsyncClient, head: str
) -> None:
    installation.services.seen.head = head
    answer = await http.get(f"/watch/{VIDEO}?t=90&utm_source=x", headers=BROWSER)
    assert answer.status_code == httpx.codes.OK
    assert answer.text == f"{BEFORE}{head}{AFTER}"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    # It is not the file any more that these were said of.
    assert not {"etag", "last-modified", "content-encoding"} & set(answer.headers)


async def test_a_file_without_a_place_for_it_gets_it_at_the_end_of_its_head(
    installation: Any, http: httpx.AsyncClient
) -> None:
    publish(installation, f"{BEFORE}{OWN}{AFTER}")
    assert (await http.get(f"/watch/{VIDEO}")).text == f"{BEFORE}{OWN}<title>A video</title>{AFTER}"
    publish(installation, "no head at all")
    assert (await http.get(f"/watch/{VIDEO}")).text == "no head at all"


async def test_of_what_is_not_public_only_that_nobody_should_list_it_is_said(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/watch/{MISSING_VIDEO}", headers=BROWSER)
    assert answer.status_code == httpx.codes.OK
    assert answer.text == f"{BEFORE}<!--head-->{OWN}<!--/head-->{NOT_PUBLIC}{AFTER}"


async def test_people_see_the_page_while_nobody_knows_about_videos(installation: Any, http: httpx.AsyncClient) -> None:
    installation.services.seen.unavailable = 1
    answer = await http.get(f"/watch/{VIDEO}", headers=BROWSER)
    assert (answer.status_code, answer.text) == (httpx.codes.OK, PAGE)
    assert answer.headers["content-encoding"] == "gzip"


async def test_who_asks_does_not_matter(installation: Any, http: httpx.AsyncClient) -> None:
    seen = installation.services.seen
    seen.calls.clear()
    mine = {"authorization": "Bearer nonsense", "cookie": "vidmesh_access=nonsense", "x-vidmesh-edge": "elsewhere"}
    answer = await http.get(f"/watch/{VIDEO}", headers=mine)
    assert answer.status_code == httpx.codes.OK
    ((name, metadata),) = seen.calls
    assert name == "GetWatchHead"
    assert not {"authorization", "cookie"} & set(metadata)
    assert metadata["x-vidmesh-edge"] == "test-edge"


@pytest.mark.parametrize("path", ["/watch/short", f"/watch/{VIDEO}x", f"/watch/-{VIDEO[1:]}", f"/embed/{VIDEO}", "/"])
async def test_other_pages_ask_nobody(installation: Any, http: httpx.AsyncClient, path: str) -> None:
    installation.services.seen.calls.clear()
    assert (await http.get(path)).text == PAGE
    assert installation.services.seen.calls == []


async def test_a_page_that_the_browser_has_already_is_sent_again_with_its_head(http: httpx.AsyncClient) -> None:
    headers = {"if-none-match": "*", "if-modified-since": "Mon, 23 Nov 2126 00:00:00 GMT", "range": "bytes=0-3"}
    answer = await http.get(f"/watch/{VIDEO}", headers=headers)
    assert (answer.status_code, answer.text) == (httpx.codes.OK, f"{BEFORE}<title>A video</title>{AFTER}")


async def test_where_there_are_no_pages_that_is_said(installation: Any, http: httpx.AsyncClient) -> None:
    installation.store.objects.clear()
    answer = await http.get(f"/watch/{VIDEO}")
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert "vidmesh web publish" in answer.json()["message"]


async def test_a_head_request_says_that_the_page_is_there(http: httpx.AsyncClient) -> None:
    answer = await http.head(f"/watch/{VIDEO}")
    assert (answer.status_code, answer.content) == (httpx.codes.OK, b"")


async def test_oembed_is_asked_with_what_the_contract_knows_whatever_else_is_sent(http: httpx.AsyncClient) -> None:
    url = "https%3A%2F%2Fvideo.example%2Fwatch%2Fabcdefghijk%3Ft%3D1%26x%3D2"
    query = f"dnt=1&url={url}&maxwidth=300&format=json&=&&maxheight=200&maxheight=x&{'y' * 500}"
    for headers in ({"accept": "text/html"}, {"accept": "*/*", "authorization": "Bearer nonsense"}):
        answer = await http.get(f"/oembed?{query}", headers=headers)
        assert answer.status_code == httpx.codes.OK, answer.text
        assert answer.headers["content-type"] == "application/json"
        told = answer.json()
        assert told["title"] == "https://video.example/watch/abcdefghijk?t=1&x=2"
        assert (told["width"], told["height"]) == (300, 200)
        # What is not known is not told as empty.
        assert "thumbnail_url" not in told


async def test_oembed_refuses_what_it_cannot_understand(http: httpx.AsyncClient) -> None:
    assert (await http.get("/oembed?url=x&maxwidth=wide")).status_code == httpx.codes.BAD_REQUEST
    assert (await http.post("/oembed?url=x")).status_code == httpx.codes.NOT_FOUND


async def test_no_query_brings_oembed_down(http: httpx.AsyncClient) -> None:
    chance = random.Random(7)
    for _ in range(60):
        written = string.ascii_letters + string.digits + string.punctuation.replace("#", "") + "&&==%%"
        query = "".join(chance.choices(written, k=chance.randrange(80)))
        answer = await http.get(httpx.URL("/oembed", query=query.encode()))
        assert answer.status_code in {httpx.codes.OK, httpx.codes.BAD_REQUEST}, query


async def test_many_pages_at_once_have_each_their_own_head(installation: Any, http: httpx.AsyncClient) -> None:
    installation.services.seen.head = "<title>One</title>"
    answers = await asyncio.gather(
        *(http.get(f"/watch/{MISSING_VIDEO if number % 2 else VIDEO}") for number in range(40))
    )
    assert [NOT_PUBLIC in answer.text for answer in answers] == [bool(number % 2) for number in range(40)]

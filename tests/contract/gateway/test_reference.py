"""The edge tells what it takes: an OpenAPI document, and a page that shows it and runs nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).resolve().parents[3]
FILES = {
    "/openapi.json": ("openapi.json", "application/json"),
    "/reference": ("index.html", "text/html; charset=utf-8"),
    "/reference/style.css": ("style.css", "text/css; charset=utf-8"),
}


class Addresses(HTMLParser):
    """What a page points to and loads, and the elements that it is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.places: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "srcset", "action"):
                self.places.append(value or "")


@pytest.mark.parametrize("path", FILES)
async def test_every_edge_serves_the_document_and_its_page_whole(http: httpx.AsyncClient, path: str) -> None:
    name, kind = FILES[path]
    answer = await http.get(path, headers={"accept": "text/html"})
    assert answer.status_code == httpx.codes.OK
    assert answer.text == (ROOT / "gateway/reference" / name).read_text(encoding="utf-8")
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    head = await http.head(path)
    assert (head.status_code, head.content) == (httpx.codes.OK, b"")


@pytest.mark.parametrize("path", FILES)
async def test_nothing_of_it_may_run_and_nobody_else_is_asked_for_anything(http: httpx.AsyncClient, path: str) -> None:
    policy = dict(
        one.strip().split(" ", 1) for one in (await http.get(path)).headers["content-security-policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


async def test_the_page_needs_no_script_and_its_addresses_lead_somewhere(http: httpx.AsyncClient) -> None:
    page = Addresses((await http.get("/reference")).text)
    assert not page.tags & {"script", "style", "iframe", "img", "form"}
    assert not {name for name in page.attributes if name == "style" or name.startswith("on")}
    assert len(page.ids) == len(set(page.ids))
    for place in page.places:
        if place.startswith("#"):
            assert place[1:] in page.ids
        else:
            assert place in FILES


async def test_the_style_loads_nothing() -> None:
    style = (ROOT / "gateway/reference/style.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import", style)


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE", "PATCH"])
async def test_it_can_only_be_read(http: httpx.AsyncClient, verb: str) -> None:
    for path in FILES:
        assert (await http.request(verb, path)).status_code == httpx.codes.NOT_FOUND

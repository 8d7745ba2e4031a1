"""The web app comes from the store, under a policy that lets no stranger's script run, and nothing else comes along."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mesh.pages import GZIP, PLAIN

pytestmark = pytest.mark.asyncio(loop_scope="module")

INDEX = b"<!doctype html><script type=module src=/assets/main-1a.js></script>"
SCRIPT = b"console.log('an app')" * 100
ICON = b"<svg/>"
VIDEO = "abcdefghijk"


@pytest.fixture(autouse=True)
def app(installation: Any) -> Iterator[None]:
    bucket = f"/{installation.media_bucket}/"
    files = {"index.html": INDEX, "assets/main-1a.js": SCRIPT, "icon.svg": ICON}
    for name, data in files.items():
        installation.store.objects[f"{bucket}{PLAIN}{name}"] = data
        installation.store.objects[f"{bucket}{GZIP}{name}"] = gzip.compress(data)
    yield
    installation.store.objects.clear()


def directives(answer: httpx.Response) -> dict[str, list[str]]:
    written = (one.split() for one in answer.headers["content-security-policy"].split(";"))
    return {name: sources for name, *sources in written}


@pytest.mark.parametrize(
    "path",
    ["/", "/?q=x", f"/watch/{VIDEO}", f"/watch/{VIDEO}?t=90", "/@somebody", "/@some.body/videos", "/studio",
     f"/studio/{VIDEO}", "/upload", "/sign-in?next=%2Fstudio", "/sign-up", "/account", f"/embed/{VIDEO}"],
)  # fmt: skip
async def test_every_page_is_the_one_file_of_the_app(installation: Any, http: httpx.AsyncClient, path: str) -> None:
    before = len(installation.store.requests)
    answer = await http.get(path)
    assert (answer.status_code, answer.content) == (httpx.codes.OK, INDEX)
    # Nothing that a visitor writes reaches the store: it is asked with the edge's own key.
    (asked,) = installation.store.requests[before:]
    assert asked.path == f"/{installation.media_bucket}/{GZIP}index.html"


async def test_browsers_get_what_they_take(http: httpx.AsyncClient) -> None:
    small = await http.get("/assets/main-1a.js", headers={"accept-encoding": "gzip, br"})
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(SCRIPT)
    whole = await http.get("/assets/main-1a.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in whole.headers
    assert small.content == whole.content == SCRIPT
    assert small.headers["vary"] == whole.headers["vary"] == "accept-encoding"


async def test_a_page_runs_no_script_but_the_apps_and_talks_to_nobody_but_the_edges(http: httpx.AsyncClient) -> None:
    policy = directives(await http.get("/"))
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["font-src"] == ["'self'"]
    assert policy["base-uri"] == ["'none'"]
    for directive in ("connect-src", "img-src", "media-src"):
        assert set(policy[directive]) <= {"'self'", "blob:"}


async def test_only_the_embedded_player_may_be_shown_within_other_pages(http: httpx.AsyncClient) -> None:
    for path in ("/", f"/watch/{VIDEO}", "/account", f"/embed/../watch/{VIDEO}"):
        assert directives(await http.get(path))["frame-ancestors"] == ["'none'"], path
    assert directives(await http.get(f"/embed/{VIDEO}"))["frame-ancestors"] == ["*"]


@pytest.mark.parametrize("path", ["/", "/assets/main-1a.js", "/icon.svg"])
async def test_browsers_guess_no_type_and_the_store_is_not_shown(http: httpx.AsyncClient, path: str) -> None:
    for _ in range(2):
        answer = await http.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert not {"x-amz-request-id", "access-control-allow-origin"} & set(answer.headers)
        assert answer.headers["server"] == "vidmesh"


async def test_the_edge_keeps_files_that_never_change_in_both_forms(installation: Any, http: httpx.AsyncClient) -> None:
    bucket = f"/{installation.media_bucket}/"
    for prefix in (PLAIN, GZIP):
        data = gzip.compress(b"kept") if prefix == GZIP else b"kept"
        installation.store.objects[f"{bucket}{prefix}assets/kept-1.js"] = data
    for encoding in ("gzip", "identity", "gzip", "identity"):
        answer = await http.get("/assets/kept-1.js", headers={"accept-encoding": encoding, "cookie": "a=b"})
        assert answer.content == b"kept"
    asked = [request.path for request in installation.store.requests if request.path.endswith("kept-1.js")]
    assert asked == [f"{bucket}{GZIP}assets/kept-1.js", f"{bucket}{PLAIN}assets/kept-1.js"]


async def test_somebody_who_mistyped_an_address_is_told_so_by_the_app_and_a_program_by_the_edge(
    http: httpx.AsyncClient,
) -> None:
    person = await http.get("/wathc/x", headers={"accept": "text/html,application/xhtml+xml"})
    assert (person.status_code, person.content) == (httpx.codes.OK, INDEX)
    for path in ("/wathc/x", "/v1/nothing"):
        program = await http.get(path, headers={"accept": "application/json"})
        assert program.status_code == httpx.codes.NOT_FOUND
        assert program.json()["details"][0]["reason"] == "NO_SUCH_METHOD"


async def test_the_api_answers_browsers_as_it_answers_everybody(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/v1/videos/{VIDEO}", headers={"accept": "text/html"})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE", "PATCH"])
async def test_pages_can_only_be_read(installation: Any, http: httpx.AsyncClient, verb: str) -> None:
    before = len(installation.store.requests)
    for path in ("/", "/assets/main-1a.js", "/icon.svg", f"/watch/{VIDEO}"):
        assert (await http.request(verb, path)).status_code == httpx.codes.NOT_FOUND
    assert len(installation.store.requests) == before


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone-1.js",
        "/assets/",
        "/assets/sub/main-1a.js",
        "/assets/%2e%2e/build",
        "/gone.svg",
        "/.vite",
        "/web/plain/index.html",
        "/assets/..%2fbuild",
        "/assets/main-1a.js%00",
    ],
)
async def test_what_is_no_file_of_the_app_is_not_there(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.send(http.build_request("GET", http.base_url.copy_with(raw_path=path.encode())))
    assert answer.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND}
    assert answer.headers.get("content-type", "application/json") in {"application/json", "text/plain"}


async def test_without_pages_it_is_said_how_they_come(installation: Any, http: httpx.AsyncClient) -> None:
    installation.store.objects.clear()
    answer = await http.get("/")
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert "vidmesh web publish" in answer.json()["message"]
    assert answer.headers["cache-control"] == "no-store"
    assert "content-encoding" not in answer.headers


async def test_a_store_that_fails_is_no_fault_of_the_visitors(installation: Any, http: httpx.AsyncClient) -> None:
    installation.store.failing = 500
    answer = await http.get("/")
    installation.store.failing = None
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert answer.json()["code"] == 14

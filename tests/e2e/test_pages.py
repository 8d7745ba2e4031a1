"""A build of the web app that is published to a running stack is what browsers get from then on."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.e2e.stacks import Stack

pytestmark = pytest.mark.stack


def build(folder: Path, name: str) -> Path:
    """Pages of two files, the script larger than one packet."""
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / f"{name}.js").write_text(f"// {name}\n" * 5000)
    (folder / "index.html").write_text(f"<!doctype html><script type=module src=/assets/{name}.js></script>")
    return folder


def test_a_published_build_is_served_and_the_next_one_takes_its_place(fresh_stack: Stack, tmp_path: Path) -> None:
    with httpx.Client(base_url=fresh_stack.edge_url) as browser:
        for name in ("first-1a", "second-2b"):
            done = fresh_stack.vidmesh("web", "publish", str(build(tmp_path / name, name)))
            assert f"published: {fresh_stack.edge_url}/" in done.stdout
            page = browser.get("/embed/abcdefghijk?t=3")
            assert (page.headers["content-type"], page.headers["cache-control"]) == (
                "text/html; charset=utf-8",
                "no-cache",
            )
            assert f"/assets/{name}.js" in page.text
            known = browser.get("/", headers={"if-none-match": page.headers["etag"]})
            assert known.status_code == httpx.codes.NOT_MODIFIED
        for name in ("first-1a", "second-2b"):
            for encoding in ("gzip", "identity"):
                script = browser.get(f"/assets/{name}.js", headers={"accept-encoding": encoding})
                assert script.text == f"// {name}\n" * 5000
                assert script.headers["content-type"] == "text/javascript; charset=utf-8"
                assert "immutable" in script.headers["cache-control"]
                assert script.headers.get("content-encoding") == ("gzip" if encoding == "gzip" else None)


def test_a_folder_without_pages_is_refused_in_a_sentence(stack: Stack, tmp_path: Path) -> None:
    done = stack.vidmesh("web", "publish", str(tmp_path))
    assert done.returncode == 1
    assert "make web" in done.stderr

"""A video in two codecs, by the service's own plan and packaging: a browser plays the better one that it knows."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import av
import pytest
from playwright.sync_api import Browser

from svc_transcode.media.profiles import PROFILES
from tests.e2e.people import CLIP, CLIP_FRAMES
from tests.e2e.web.browsing import ROOT
from tests.unit.media.zoo.pipeline import OPTIONS, Done, process

pytestmark = pytest.mark.timeout(600)

HLS: Final = ROOT / "node_modules/hls.js/dist/hls.min.js"
PAGE: Final = """<!doctype html><video muted></video><script src="/hls.min.js"></script><script>
const video = document.querySelector("video"), hls = new Hls();
window.wrong = [];
hls.on(Hls.Events.ERROR, (_, data) => window.wrong.push(data.details));
hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());
hls.loadSource("/m/1-zoo/master.m3u8");
hls.attachMedia(video);
</script>"""
STATE: Final = "() => ({ended: document.querySelector('video').ended, wrong: window.wrong})"
PATIENCE_MS: Final = 120_000


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    root = tmp_path_factory.mktemp("av1")
    return process(CLIP, root, replace(OPTIONS, profile=PROFILES["av1"]))


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing of it."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name of the overridden method)
        """Nothing."""


@pytest.fixture
def address(done: Done) -> Iterator[str]:
    """Where the video's files, and a page that plays them, are served."""
    (done.root / "index.html").write_text(PAGE)
    (done.root / "hls.min.js").write_bytes(HLS.read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(done.root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _frames(path: Path) -> int:
    with av.open(str(path), "r") as container:
        return sum(1 for _ in container.decode(video=0))


def test_every_size_is_there_in_both_codecs_to_the_last_picture(done: Done) -> None:
    assert [(one.track.name, one.shape.codec.partition(".")[0]) for one in done.pictures] == [
        ("360p", "avc1"),
        ("720p", "avc1"),
        ("360p-av1", "av01"),
        ("720p-av1", "av01"),
    ]
    assert [_frames(done.joined(one)) for one in done.pictures] == [CLIP_FRAMES] * 4


def test_a_browser_plays_the_manifest_of_both_in_the_codec_that_it_prefers(
    done: Done, address: str, browser: Browser
) -> None:
    page, asked = browser.new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_function("() => document.querySelector('video').ended || window.wrong.length", timeout=PATIENCE_MS)
    assert page.evaluate(STATE) == {"ended": True, "wrong": []}
    played = {found[1] for url in asked if (found := re.search(r"/(\d+p(?:-av1)?)/\d+\.m4s", url))}
    codec = next(one.shape.codec for one in done.pictures if one.track.name == "720p-av1")
    knows = bool(page.evaluate(f"MediaSource.isTypeSupported('video/mp4; codecs=\"{codec}\"')"))
    assert played
    assert {name.endswith("-av1") for name in played} == {knows}
    page.close()

"""Reading back what a real HTTP server gives, decoded by PyAV."""

from __future__ import annotations

import functools
import io
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import httpx
import pytest

from vidmesh.client.errors import ClientError
from vidmesh.client.readback import read_back

SECONDS = 2
MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="sound",URI="audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=320x180,AUDIO="audio"
large.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=90000,RESOLUTION=90x160,AUDIO="audio"
small.m3u8
"""


def picture(width: int, height: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options={"movflags": "empty_moov+default_base_moof+frag_keyframe"}) as out:
        stream = out.add_stream("h264", rate=25, options={"preset": "ultrafast", "g": "25"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(25 * SECONDS):
            frame = av.VideoFrame(width, height, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number * 4]) * plane.buffer_size)
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return file.getvalue()


def sound() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", options={"movflags": "empty_moov+default_base_moof+frag_every_frame"}) as out:
        stream = out.add_stream("aac", rate=48000, layout="mono")
        for _ in range(48000 * SECONDS // 1024):
            frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            frame.sample_rate = 48000
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return file.getvalue()


def write_track(folder: Path, name: str, content: bytes, seconds: float = SECONDS) -> None:
    start = content.index(b"moof") - 4
    (folder / f"{name}-init.mp4").write_bytes(content[:start])
    (folder / f"{name}-1.m4s").write_bytes(content[start:])
    (folder / f"{name}.m3u8").write_text(
        f'#EXTM3U\n#EXT-X-MAP:URI="{name}-init.mp4"\n#EXTINF:{seconds},\n{name}-1.m4s\n#EXT-X-ENDLIST\n'
    )


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name of the method it replaces)
        """Nothing."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "master.m3u8").write_text(MASTER)
    write_track(tmp_path, "small", picture(90, 160))
    write_track(tmp_path, "large", picture(320, 180))
    write_track(tmp_path, "audio", sound())
    return tmp_path


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/master.m3u8"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_every_track_is_fetched_and_decoded_smallest_picture_first(url: str, folder: Path) -> None:
    async with httpx.AsyncClient() as http:
        tracks = await read_back(http, url)
    assert [track.name for track in tracks] == ["90p", "180p", "sound"]
    assert [track.frames for track in tracks[:2]] == [50, 50]
    assert tracks[0].size == sum((folder / f"small-{part}").stat().st_size for part in ("init.mp4", "1.m4s"))
    assert all(track.seconds == pytest.approx(SECONDS, abs=0.1) for track in tracks)


def missing(folder: Path) -> None:
    (folder / "large-1.m4s").unlink()


def damaged(folder: Path) -> None:
    (folder / "large-init.mp4").write_bytes(b"no boxes at all, but some bytes all the same")


def endless(folder: Path) -> None:
    playlist = folder / "large.m3u8"
    playlist.write_text(playlist.read_text().replace("#EXT-X-ENDLIST", ""))


def misstated(folder: Path) -> None:
    write_track(folder, "large", picture(320, 180), seconds=SECONDS + 1)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (missing, "large-1.m4s cannot be fetched: the edge answers 404"),
        (damaged, "does not decode"),
        (endless, "has no end"),
        (misstated, "its playlist says 3.00 s"),
    ],
)
async def test_what_cannot_be_played_is_told(url: str, folder: Path, spoil: object, sentence: str) -> None:
    assert callable(spoil)
    spoil(folder)
    async with httpx.AsyncClient() as http:
        with pytest.raises(ClientError, match=sentence):
            await read_back(http, url)

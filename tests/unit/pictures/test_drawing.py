"""Pictures drawn anew by a confined child."""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from pathlib import Path

import pytest

from mesh.errors import Fault
from svc_transcode.media import jobs as media
from svc_transcode.media.errors import ChildCrashed, ChildTimedOut
from svc_transcode.media.pictures import jpeg
from svc_transcode.media.pictures.plain import PictureRefused
from svc_transcode.thumbnails import drawing
from svc_transcode.thumbnails.drawing import Drawing

from . import files
from .files import BLACK, BLUE, MAGENTA, RED

WHITE = (255, 255, 255)


async def drawn(data: bytes) -> tuple[tuple[int, int], list[files.Color]]:
    made = await Drawing().draw(data)
    size, corners = files.seen(made.data)
    assert size == (made.width, made.height)
    return size, corners


async def refused(data: bytes) -> str:
    with pytest.raises(PictureRefused) as caught:
        await Drawing().draw(data)
    return caught.value.sentence


@pytest.mark.parametrize(
    ("codec", "pixels"),
    [
        ("mjpeg", "yuvj420p"),
        ("mjpeg", "yuvj444p"),
        ("png", "rgb24"),
        ("png", "rgba"),
        ("png", "rgb48be"),
        ("libwebp", "yuv420p"),
        ("libwebp", "bgra"),
    ],
)
async def test_every_format_comes_out_as_a_jpeg_of_the_same_colours(codec: str, pixels: str) -> None:
    size, corners = await drawn(files.encoded(codec, pixels))
    assert size == (640, 360)
    assert files.alike(corners, list(files.CORNERS))


@pytest.mark.parametrize(
    ("turn", "corners"),
    [
        (1, [MAGENTA, BLUE, RED, BLACK]),
        (2, [BLUE, MAGENTA, BLACK, RED]),
        (3, [BLACK, RED, BLUE, MAGENTA]),
        (4, [RED, BLACK, MAGENTA, BLUE]),
        (5, [MAGENTA, RED, BLUE, BLACK]),
        (6, [RED, MAGENTA, BLACK, BLUE]),
        (7, [BLACK, BLUE, RED, MAGENTA]),
        (8, [BLUE, BLACK, MAGENTA, RED]),
    ],
)
async def test_it_is_drawn_upright(turn: int, corners: list[files.Color]) -> None:
    size, found = await drawn(files.tagged(files.segment(0xE1, b"Exif\0\0" + files.exif(turn))))
    assert size == ((640, 360) if turn < 5 else (360, 640))
    assert files.alike(found, corners)


@pytest.mark.parametrize(("codec", "pixels"), [("png", "rgba"), ("libwebp", "bgra"), ("libwebp", "yuva420p")])
async def test_what_lets_through_is_drawn_on_black(codec: str, pixels: str) -> None:
    half = files.encoded(codec, pixels, lambda x, _: (255, 255, 255, 255 * (x >= 320)))
    assert files.alike((await drawn(half))[1], [BLACK, WHITE, BLACK, WHITE])


async def test_a_palette_is_drawn_with_its_holes() -> None:
    assert files.alike((await drawn(files.palette(transparent=2)))[1], [WHITE, RED, WHITE, RED])
    assert files.alike((await drawn(files.palette(transparent=0)))[1], [BLACK, RED, BLACK, RED])


async def test_what_is_large_is_drawn_small() -> None:
    assert (await drawn(files.png(size=(5000, 5000))))[0] == (1280, 1280)
    assert (await drawn(files.png(size=(1000, 3000))))[0] == (426, 1280)


async def test_nothing_but_the_picture_is_kept() -> None:
    secret = b"48.2082 N, 16.3738 E"
    exif = files.segment(0xE1, b"Exif\0\0" + files.exif(1) + secret)
    made = await Drawing().draw(files.tagged(exif, files.segment(0xFE, secret)))
    assert secret not in made.data
    assert made.data == jpeg.read(made.data).data
    markers = {part[0] for part in made.data.split(b"\xff")[1:] if part}
    assert not markers & {*range(0xE1, 0xF0), 0xFE}


@pytest.mark.parametrize(
    "data",
    [
        files.png(rows=b"\0"),
        files.png(rows=b""),
        files.jpeg()[: len(files.jpeg()) // 2] + b"\xff\xd9",
        files.riff((b"VP8L", files.in_webp(files.encoded("libwebp", "bgra"))[b"VP8L"][:30])),
        files.riff((b"VP8 ", files.in_webp(files.encoded("libwebp", "yuv420p"))[b"VP8 "][:40])),
    ],
    ids=["PNG of one byte", "PNG of none", "half a JPEG", "WebP without end", "lossy WebP"],
)
async def test_a_picture_whose_inside_is_cut_off_is_refused(data: bytes) -> None:
    assert "damaged" in await refused(data)


async def test_a_bomb_gets_no_further_than_its_size_says() -> None:
    """Half a gigabyte behind a header of 640 × 360."""
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(1 << 20)) for _ in range(512)) + rows.flush()
    head = files.chunk(b"IHDR", struct.pack(">IIBBBBB", 640, 360, 8, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + files.chunk(b"IDAT", packed) + files.chunk(b"IEND", b"")
    assert len(bomb) < 1_500_000
    try:
        made = await Drawing().draw(bomb)
    except PictureRefused:
        return
    assert (made.width, made.height) == (640, 360)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(ChildCrashed(11, None), None), (ChildCrashed(9, None), "UNAVAILABLE"), (ChildTimedOut(30.0), "UNAVAILABLE")],
    ids=["led astray", "killed by the machine", "kept waiting by the machine"],
)
async def test_only_what_is_the_pictures_fault_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, reason: str | None
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(drawing, "run_child", fail)
    with pytest.raises(Fault if reason else PictureRefused) as caught:
        await Drawing().draw(files.jpeg())
    if isinstance(caught.value, Fault):
        assert caught.value.reason_name == reason


@pytest.mark.parametrize("wrong", [files.png(), files.encoded("mjpeg", "yuvj420p", size=(320, 180)), b"<script>"])
async def test_what_a_child_says_is_looked_at(monkeypatch: pytest.MonkeyPatch, wrong: bytes) -> None:
    """It may have been taken over by what it decoded."""

    async def lie(_job: object, _fetch: object, work: Path, **__: object) -> media.PictureMade:
        (work / "picture.jpg").write_bytes(wrong)
        digest = hashlib.sha256(wrong).hexdigest()
        return media.PictureMade(640, 360, media.File("picture.jpg", len(wrong), digest))

    monkeypatch.setattr(drawing, "run_child", lie)
    assert "damaged" in await refused(files.jpeg())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("codec", ["mjpeg", "png", "libwebp"])
async def test_whatever_is_wrong_inside_it_is_drawn_or_refused_in_words(codec: str, seed: int) -> None:
    pixels = {"mjpeg": "yuvj420p", "png": "rgba", "libwebp": "bgra"}[codec]
    noise = random.Random(seed)
    good = files.encoded(codec, pixels, lambda x, y: (x * y % 256, x % 256, noise.randrange(64), 255))
    bad = bytearray(good)
    for _ in range(8):
        bad[noise.randrange(len(bad) // 3, len(bad) - 16)] ^= 1 << noise.randrange(8)
    try:
        made = await Drawing().draw(files.with_right_sums(bytes(bad)) if codec == "png" else bytes(bad))
    except PictureRefused as refusal:
        said = refusal.sentence
    else:
        said = ""
        assert files.seen(made.data)[0] == (640, 360)
    assert not said or said.endswith(".")

"""Bad files, and what has to become of each: one row, one file."""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.security.input.boxes import FULL, box, changed, put, without, words
from tests.security.input.clips import pictures, sound

NOT_A_VIDEO: Final = "NOT_A_VIDEO"
UNSUPPORTED: Final = "UNSUPPORTED"
TOO_LARGE: Final = "TOO_LARGE"
DAMAGED: Final = "DAMAGED"
TOO_DEMANDING: Final = "TOO_DEMANDING"
"""It needs more memory or work than a child has: given up at once."""
PROCESSED: Final = ""
"""It becomes a video."""


@dataclass(frozen=True, slots=True)
class Canary:
    """What a file names; whoever follows it is heard."""

    url: str
    path: str


@dataclass(frozen=True, slots=True)
class BadFile:
    """How the file is made, and its end: the failure reason, or PROCESSED."""

    name: str
    made: Callable[[Canary], bytes]
    end: str
    seconds: float = 100
    """Within which it comes to that end."""
    lasts: float = 5
    """Seconds that the video, where it becomes one, is shorter than. What the canary names is longer than five."""


def plain(data: bytes) -> Callable[[Canary], bytes]:
    return lambda _: data


def video() -> bytes:
    """An ordinary MP4 with its index behind the media."""
    return pictures("mp4")


def spoilt(path: str, change: Callable[[bytes], bytes]) -> Callable[[Canary], bytes]:
    return lambda _: changed(video(), path, change)


TABLE: Final = "moov/trak/mdia/minf/stbl"
YEARS: Final = 0xFFFF_FFF0


def png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return words(len(content)) + kind + content + words(zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def tiff(side: int) -> bytes:
    tags = [(256, 4, side), (257, 4, side), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (279, 4, 9)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(1000)


def compressed_header() -> bytes:
    """A `moov` of 256 MiB that takes a quarter of one (QuickTime's `cmov`)."""
    bomb = zlib.compress(bytes(256 << 20), 9)
    held = box(b"cmov", box(b"dcom", b"zlib") + box(b"cmvd", words(256 << 20) + bomb))
    return without(video(), b"moov") + box(b"moov", held)


def nested(depth: int) -> bytes:
    """Boxes in boxes."""
    head = b"".join(words(8 * (depth - level)) + b"moov" for level in range(depth))
    return without(video(), b"moov") + head


def gif() -> bytes:
    frame = b"!\xf9\x04\0\x0a\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    return b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0" + frame * 9 + b";"


def matroska_that_lies() -> bytes:
    """Its track says 320 by 180, its pictures 16,383 by 16,383."""
    data = pictures("matroska", "libvpx", count=3)
    size = b"\x9d\x01\x2a"  # RFC 6386, 9.1
    return data.replace(size + struct.pack("<HH", 320, 180), size + struct.pack("<HH", 16_383, 16_383))


def avi_of(side: int) -> bytes:
    """An AVI of JPEGs: its header says so many pixels, and the pictures do (65,500 is what a JPEG can say)."""
    data = bytearray(pictures("avi", "mjpeg", count=3))
    at = data.find(b"strf") + 8
    struct.pack_into("<ii", data, at + 4, side, side)
    said = min(side, 65_500)
    size = b"\xff\xc0\0\x11\x08"
    return bytes(data).replace(size + struct.pack(">HH", 180, 320), size + struct.pack(">HH", said, said))


def references(canary: Canary) -> bytes:
    """An MP4 whose media is said to be elsewhere."""
    elsewhere = box(b"url ", words(0) + canary.url.encode() + b"\0")
    return changed(video(), "moov/trak/mdia/minf/dinf/dref", lambda _: words(0, 1) + elsewhere)


def alias(canary: Canary) -> bytes:
    elsewhere = box(b"url ", words(0) + f"file://{canary.path}".encode() + b"\0")
    return changed(video(), "moov/trak/mdia/minf/dinf/dref", lambda _: words(0, 1) + elsewhere)


def element(kind: str, content: bytes) -> bytes:
    """Of EBML (RFC 8794), with a size of eight bytes."""
    return bytes.fromhex(kind) + (1 << 56 | len(content)).to_bytes(8, "big") + content


def chapters(canary: Canary) -> bytes:
    """A Matroska that says to go on in other files: linked segments, and ordered chapters of such (RFC 9559, 17)."""
    name, other = canary.path.encode(), bytes(range(16))
    linked = element("3e83bb", name) + element("3eb923", other) + element("3c83ab", name) + element("3cb923", other)
    time = element("91", b"\0") + element("92", (10**9).to_bytes(4, "big"))
    atom = element("b6", element("73c4", b"\x01") + time + element("6e67", other))
    ordered = element("45b9", element("45dd", b"\x01") + atom)
    data = pictures("matroska", live="1")  # whose sizes are open, so that anything fits in
    at = data.index(bytes.fromhex("1f43b675"))  # the first cluster
    return data[:at] + element("1549a966", linked) + element("1043a770", ordered) + data[at:]


def playlist(canary: Canary) -> bytes:
    names = "".join(f"#EXTINF:2,\n{name}\n" for name in (canary.url, f"file://{canary.path}", canary.path))
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n{names}#EXT-X-ENDLIST\n".encode()


def script(canary: Canary) -> bytes:
    return f"ffconcat version 1.0\nfile '{canary.path}'\nfile '{canary.url}'\n".encode()


def manifest(canary: Canary) -> bytes:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
        f'<Representation id="1" bandwidth="1"><BaseURL>{canary.url}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    ).encode()


def graphic(canary: Canary) -> bytes:
    return (
        f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file://{canary.path}">]><svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{canary.url}"/>&x;</svg>'
    ).encode()


def page(canary: Canary) -> bytes:
    return f'<html><video src="{canary.url}"></video><script src="{canary.url}"></script></html>'.encode()


SUBTITLES: Final = b"1\n00:00:00,000 --> 00:00:02,000\nHello\n\n"
STYLED: Final = b"[Script Info]\nScriptType: v4.00+\n[Events]\nDialogue: 0,0:00:00.00,0:00:02.00,,,0,0,0,,Hello\n"
JPEG: Final = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0" + bytes(500) + b"\xff\xd9"

FILES: Final = (
    BadFile("one byte", plain(b"\0"), NOT_A_VIDEO),
    BadFile("noise", plain(random.Random(4).randbytes(300_000)), NOT_A_VIDEO),
    BadFile("a text", plain(b"Once upon a time.\n" * 999), NOT_A_VIDEO),
    BadFile("a playlist", playlist, NOT_A_VIDEO),
    BadFile("an ffconcat script", script, NOT_A_VIDEO),
    BadFile("a DASH manifest", manifest, NOT_A_VIDEO),
    BadFile("a vector graphic with links and an entity", graphic, NOT_A_VIDEO),
    BadFile("a web page", page, NOT_A_VIDEO),
    BadFile("subtitles", plain(SUBTITLES), NOT_A_VIDEO),
    BadFile("styled subtitles", plain(STYLED), NOT_A_VIDEO),
    BadFile("an MP4 whose media is at an address", references, PROCESSED, 60),
    BadFile("an MP4 whose media is another file", alias, PROCESSED, 60),
    BadFile("a PNG of 100,000 by 100,000", plain(png(100_000, 100_000, zlib.compress(bytes(99)))), NOT_A_VIDEO),
    BadFile("a PNG that unpacks to 200 MB", plain(png(8000, 8000, zlib.compress(bytes(192 << 20), 9))), NOT_A_VIDEO),
    BadFile("a TIFF of 100,000 by 100,000", plain(tiff(100_000)), NOT_A_VIDEO),
    BadFile("a JPEG", plain(JPEG), NOT_A_VIDEO),
    BadFile("an animated GIF", plain(gif()), NOT_A_VIDEO),
    BadFile("an MP3", lambda _: sound("mp3", "libmp3lame"), NOT_A_VIDEO),
    BadFile("a FLAC", lambda _: sound("flac", "flac"), NOT_A_VIDEO),
    BadFile("an Ogg", lambda _: sound("ogg", "libopus"), UNSUPPORTED),
    BadFile("sound in an MP4", lambda _: sound("mp4", "aac"), NOT_A_VIDEO),
    BadFile("an MP4 in a gzip", lambda _: gzip.compress(video()), NOT_A_VIDEO),
    BadFile("an MP4 without its index", lambda _: without(video(), b"moov"), DAMAGED),
    BadFile("an MP4 cut in its index", lambda _: video()[:-200], DAMAGED),
    BadFile("an MP4 cut in its media", lambda _: pictures("mp4", movflags="faststart")[:-900], DAMAGED),
    BadFile("a Matroska with larger pictures than it says", lambda _: matroska_that_lies(), DAMAGED),
    BadFile("an AVI of 100,000 by 100,000, which is more than any decoder takes", lambda _: avi_of(100_000), DAMAGED),
    BadFile("an index that unpacks to 256 MiB", lambda _: compressed_header(), NOT_A_VIDEO),
    BadFile("a hundred thousand boxes, each in the one before", lambda _: nested(100_000), DAMAGED),
    BadFile(
        "a million tracks", lambda _: without(video(), b"moov") + box(b"moov", box(b"trak") * 10**6), TOO_DEMANDING
    ),
    BadFile("two thousand million sizes", spoilt(f"{TABLE}/stsz", put(FULL + 4, words(0x7FFF_FFFF))), DAMAGED),
    BadFile("two thousand million times", spoilt(f"{TABLE}/stts", put(FULL, words(0x7FFF_FFFF))), TOO_DEMANDING),
    BadFile("a header that says many years", spoilt("moov/mvhd", put(FULL + 12, words(YEARS))), PROCESSED, 60),
    BadFile("a track that says many years", spoilt("moov/trak/mdia/mdhd", put(FULL + 12, words(YEARS))), PROCESSED, 60),
    BadFile("ten pictures in ten hours", spoilt(f"{TABLE}/stts", lambda _: words(0, 1, 10, 3600 * 10_240)), TOO_LARGE),
    BadFile("pictures that take no time", spoilt(f"{TABLE}/stts", lambda _: words(0, 1, 10, 0)), PROCESSED, 60),
    BadFile("a thousand pictures a second", spoilt(f"{TABLE}/stts", lambda _: words(0, 1, 10, 10)), PROCESSED, 60),
    BadFile("a matrix of nothing", spoilt("moov/trak/tkhd", put(FULL + 36, bytes(36))), PROCESSED, 60),
    BadFile(
        "a hundred thousand edits",
        spoilt("moov/trak/edts/elst", lambda _: words(0, 100_000) + words(100, 0, 0x10000) * 100_000),
        DAMAGED,
    ),
    BadFile("a Matroska with a font in it", lambda _: pictures("matroska", attachment=bytes(9000)), PROCESSED, 60),
    BadFile("a Matroska whose chapters are in other files", chapters, PROCESSED, 60),
    BadFile("ten pictures in four minutes", lambda _: pictures("mp4", step=240), PROCESSED, 120, lasts=241),
    BadFile("a transport stream that begins again", lambda _: pictures("mpegts", count=30) * 3, PROCESSED, 60),
)

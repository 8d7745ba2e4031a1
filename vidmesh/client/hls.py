"""HLS playlists as far as this platform writes them (RFC 8216), for reading a video back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from vidmesh.client.errors import ClientError

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]+)')


@dataclass(frozen=True, slots=True)
class Variant:
    """One quality of the picture."""

    url: str
    bandwidth: int
    """Bits per second at most, its sound included."""
    codecs: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Sound:
    """One track of sound with a playlist of its own."""

    url: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Multivariant:
    """What a video can be played as; variants in the order of the playlist."""

    variants: tuple[Variant, ...]
    sounds: tuple[Sound, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a track. Seconds as the playlist says."""

    url: str
    seconds: float


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """One whole track."""

    init_url: str
    """Of the initialization segment, which goes in front of every other one."""
    segments: tuple[Segment, ...]
    ended: bool
    """Nothing will be added."""

    @property
    def seconds(self) -> float:
        return sum(segment.seconds for segment in self.segments)


def parse_multivariant(text: str, url: str) -> Multivariant:
    """Reads a multivariant playlist found at `url`. Raises `ClientError` for anything else."""
    lines = _lines(text, url)
    variants: list[Variant] = []
    sounds: list[Sound] = []
    for number, line in enumerate(lines):
        if line.startswith("#EXT-X-STREAM-INF:"):
            told = _attributes(line)
            if number + 1 == len(lines) or lines[number + 1].startswith("#"):
                raise ClientError(f"{url} names a variant without its playlist.")
            width, _, height = told.get("RESOLUTION", "0x0").partition("x")
            target = urljoin(url, lines[number + 1])
            variants.append(
                Variant(target, int(told.get("BANDWIDTH", "0")), told.get("CODECS", ""), int(width), int(height))
            )
        elif line.startswith("#EXT-X-MEDIA:"):
            told = _attributes(line)
            if told.get("TYPE") == "AUDIO" and "URI" in told:
                sounds.append(Sound(urljoin(url, told["URI"]), told.get("NAME", ""), told.get("LANGUAGE", "")))
    if not variants:
        raise ClientError(f"{url} is not a multivariant playlist.")
    return Multivariant(tuple(variants), tuple(sounds))


def parse_media(text: str, url: str) -> MediaPlaylist:
    """Reads a media playlist found at `url`, of segments that are whole resources. Raises `ClientError`."""
    init, seconds, ended = "", 0.0, False
    segments: list[Segment] = []
    for line in _lines(text, url):
        if line.startswith("#EXT-X-MAP:"):
            init = urljoin(url, _attributes(line).get("URI", ""))
        elif line.startswith("#EXTINF:"):
            seconds = float(line.removeprefix("#EXTINF:").partition(",")[0])
        elif line == "#EXT-X-ENDLIST":
            ended = True
        elif line.startswith("#EXT-X-BYTERANGE"):
            raise ClientError(f"{url} has segments that are parts of a file, which are not read here.")
        elif not line.startswith("#"):
            segments.append(Segment(urljoin(url, line), seconds))
    if not init or not segments:
        raise ClientError(f"{url} is not a media playlist of fragmented MP4.")
    return MediaPlaylist(init, tuple(segments), ended)


def _lines(text: str, url: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "#EXTM3U":
        raise ClientError(f"{url} is not a playlist.")
    return lines


def _attributes(line: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}

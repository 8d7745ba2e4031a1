"""Reading a video back as a player does: every playlist, every segment, decoded."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import httpx

from vidmesh.client.errors import ClientError
from vidmesh.client.groups import first_failure
from vidmesh.client.hls import MediaPlaylist, parse_media, parse_multivariant

AT_ONCE: Final = 4
"""Segments fetched at the same time."""

DRIFT: Final = 0.25
"""Seconds by which the decoded length of a track may differ from what its playlist says."""

WHOLE_UP_TO: Final = 300.0
"""Seconds; of a longer video only the smallest and the largest picture are read, and all sound."""


@dataclass(frozen=True, slots=True)
class TrackRead:
    """One track that was fetched whole and decoded without an error."""

    name: str
    """ "360p", or the name of the sound."""
    segments: int
    size: int
    """Bytes, the initialization segment included."""
    frames: int
    """Pictures decoded; samples for sound."""
    seconds: float
    """Decoded length."""


async def read_back(
    http: httpx.AsyncClient, hls_url: str, read: Callable[[TrackRead], None] = lambda _: None
) -> list[TrackRead]:
    """Reads the tracks of a video, smallest picture first; `read` is told each as it is done.

    Raises `ClientError` naming the track when something is missing, cannot be decoded, or has another length than its
    playlist says. Needs PyAV.
    """
    master = parse_multivariant(await _text(http, hls_url), hls_url)
    pictures = [(f"{min(v.width, v.height)}p", v.url) for v in sorted(master.variants, key=lambda v: v.bandwidth)]
    playlists = {name: parse_media(await _text(http, url), url) for name, url in pictures}
    if playlists[pictures[0][0]].seconds > WHOLE_UP_TO:
        playlists = {name: playlists[name] for name, _ in (pictures[0], pictures[-1])}
    tracks = [(name, playlist, "video") for name, playlist in playlists.items()]
    tracks += [(s.name, parse_media(await _text(http, s.url), s.url), "audio") for s in master.sounds]
    done: list[TrackRead] = []
    for name, playlist, kind in tracks:
        done.append(await _read_track(http, name, playlist, kind))
        read(done[-1])
    return done


async def _read_track(http: httpx.AsyncClient, name: str, playlist: MediaPlaylist, kind: str) -> TrackRead:
    if not playlist.ended:
        raise ClientError(f"The playlist of {name} has no end.")
    with tempfile.TemporaryFile() as file:
        size = await _fetch(http, playlist, file)
        file.seek(0)
        frames, seconds = await asyncio.to_thread(decode, file, kind)
    if abs(seconds - playlist.seconds) > DRIFT:
        raise ClientError(f"{name} decodes to {seconds:.2f} s, and its playlist says {playlist.seconds:.2f} s.")
    return TrackRead(name, len(playlist.segments), size, frames, seconds)


async def _fetch(http: httpx.AsyncClient, playlist: MediaPlaylist, file: BinaryIO) -> int:
    """Writes a track's bytes in order, some segments fetched ahead."""
    urls = [playlist.init_url, *(segment.url for segment in playlist.segments)]
    size = 0
    for start in range(0, len(urls), AT_ONCE):
        with first_failure():
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(_get(http, url)) for url in urls[start : start + AT_ONCE]]
        for task in tasks:
            size += file.write((await task).content)
    return size


async def _text(http: httpx.AsyncClient, url: str) -> str:
    return (await _get(http, url)).text


async def _get(http: httpx.AsyncClient, url: str) -> httpx.Response:
    try:
        answer = await http.get(url)
    except httpx.TransportError as error:
        raise ClientError(f"{_name(url)} cannot be fetched ({type(error).__name__}).") from error
    if not answer.is_success:
        raise ClientError(f"{_name(url)} cannot be fetched: the edge answers {answer.status_code}.")
    return answer


def _name(url: str) -> str:
    # Without the grant in its path, which is a secret as long as it lives.
    return Path(httpx.URL(url).path).name


def decode(file: BinaryIO, kind: str) -> tuple[int, float]:
    """Decodes the one `kind` of track in a file: pictures or samples, and seconds. Raises `ClientError`."""
    try:
        import av
        import av.error
    except ImportError:
        raise ClientError("Decoding needs PyAV: `pip install 'vidmesh[server]'` brings it.") from None
    count, end = 0, 0.0
    first: float | None = None
    try:
        with av.open(file, mode="r") as container:
            stream = container.streams.get({kind: 0})[0]
            frames: Iterator[Any] = container.decode(stream)
            for frame in frames:
                at = float(frame.time or 0.0)
                first = at if first is None else min(first, at)
                count += _units(frame, kind)
                end = max(end, at + _length(frame, stream, kind))
    except (av.error.FFmpegError, IndexError) as error:
        raise ClientError(f"The {kind} does not decode: {error}") from error
    if first is None:
        raise ClientError(f"The {kind} has nothing in it.")
    return count, end - first


def _units(frame: Any, kind: str) -> int:
    return int(frame.samples) if kind == "audio" else 1


def _length(frame: Any, stream: Any, kind: str) -> float:
    if kind == "audio":
        return float(frame.samples / frame.sample_rate)
    if frame.duration:
        return float(frame.duration * frame.time_base)
    return float(1 / stream.average_rate) if stream.average_rate else 0.0

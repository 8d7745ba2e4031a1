"""What a child made goes to the media bucket, under the folder of this attempt."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import stat
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from svc_transcode.media import jobs as media
from svc_transcode.media import storyboard
from svc_transcode.media.captions import webvtt
from svc_transcode.worker.patience import from_store

if TYPE_CHECKING:
    from mesh.objects import Objects

AT_ONCE: Final = 8
FOREVER: Final = "public, max-age=31536000, immutable"
MOST_BYTES: Final = 256 << 20
"""Of one file: two seconds of the largest picture are far below."""

_NAME: Final = re.compile(r"([A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+\.(mp4|m4s|jpg|vtt)")


class OutputError(Exception):
    """A file is not what the child said it wrote."""


def files_of(result: media.Result) -> Iterator[tuple[media.File, str]]:
    """Every file of a result with its content type (RFC 6381, section 3.1; RFC 4337)."""
    match result:
        case media.VideoMade(tracks=tracks):
            for track in tracks:
                yield from ((file, "video/mp4") for file in _track(track))
        case media.AudioMade(track=track) if track is not None:
            yield from ((file, "audio/mp4") for file in _track(track))
        case media.ThumbnailsMade(thumbnails=thumbnails):
            yield from ((thumbnail.file, "image/jpeg") for thumbnail in thumbnails)
        case media.StoryboardMade(sheets=sheets):
            yield from ((sheet, "image/jpeg") for sheet in sheets)
        case media.PictureMade(file=file):
            yield file, "image/jpeg"
        case (
            media.AudioMade()
            | media.Probed()
            | media.Verified()
            | media.CaptionsMade()
            | media.DownloadMade()
            | media.EncodersFound()
        ):
            return


@dataclass(frozen=True, slots=True)
class Text:
    """A file that this process writes, not the child."""

    name: str
    content: str
    content_type: str


def texts_of(job: media.Job, result: media.Result) -> tuple[Text, ...]:
    """What is written beside the files of a result: of a storyboard the WebVTT, as players follow addresses in it."""
    if not isinstance(job, media.StoryboardJob) or not isinstance(result, media.StoryboardMade):
        return ()
    sheets = [sheet.path for sheet in result.sheets]
    text = storyboard.webvtt(job.starts, job.end, (job.width, job.height), sheets)
    return (Text(storyboard.NAME, text, webvtt.CONTENT_TYPE),)


def _track(track: media.TrackMade) -> Iterator[media.File]:
    yield track.init
    yield from (segment.file for segment in track.segments)


class Outputs:
    """The folders of attempts; `folder` is a key prefix without a slash at its end."""

    def __init__(self, objects: Objects, bucket: str) -> None:
        self._objects = objects
        self._bucket = bucket

    async def store(self, folder: str, workdir: Path, files: Iterable[tuple[media.File, str]]) -> None:
        """Writes every file, `AT_ONCE` at a time; all are there when this returns.

        Raises OutputError, ObjectsUnavailable, ObjectsRefused.
        """

        async def read(file: media.File) -> bytes:
            return await asyncio.to_thread(read_checked, workdir, file)

        await self._store(folder, files, read)

    async def keep(self, folder: str, workdir: Path, file: media.File) -> None:
        """Writes one file of any size, without holding it. Raises OutputError, ObjectsUnavailable, ObjectsRefused."""
        await asyncio.to_thread(check_whole, workdir, file)
        key = f"{folder}/{file.path}"
        await from_store(
            lambda: self._objects.put(
                self._bucket, key, workdir / file.path, content_type="video/mp4", cache_control=FOREVER
            )
        )

    async def copy(self, folder: str, other: str, files: Iterable[tuple[media.File, str]]) -> None:
        """Copies every file from another folder, as `store`. Each is compared with its digest on the way.

        Raises OutputError, ObjectError: nothing can be said then of what is in `folder`.
        """

        async def read(file: media.File) -> bytes:
            if not _NAME.fullmatch(file.path):
                raise OutputError(f"{file.path!r} is no name for an output")
            data = await from_store(lambda: self._objects.get(self._bucket, f"{other}/{file.path}"))
            if not _is(file, data):
                raise OutputError(f"{other}/{file.path} is not what it was")
            return data

        await self._store(folder, files, read)

    async def _store(
        self,
        folder: str,
        files: Iterable[tuple[media.File, str]],
        read: Callable[[media.File], Awaitable[bytes]],
    ) -> None:
        waiting = iter(list(files))

        async def send() -> None:
            for file, content_type in waiting:
                data = await read(file)
                await from_store(lambda: self._put(f"{folder}/{file.path}", data, content_type))  # noqa: B023 (awaited)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(send())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    async def write(self, folder: str, texts: Iterable[Text]) -> None:
        """Writes texts. Raises ObjectsUnavailable, ObjectsRefused."""
        for text in texts:
            await from_store(partial(self._put, f"{folder}/{text.name}", text.content.encode(), text.content_type))

    async def discard(self, folder: str) -> None:
        """Deletes what was written there. Raises ObjectsUnavailable, ObjectsRefused."""
        await self._objects.delete_prefix(self._bucket, f"{folder}/")

    async def _put(self, key: str, data: bytes, content_type: str) -> None:
        await self._objects.put(self._bucket, key, data, content_type=content_type, cache_control=FOREVER)


def read_checked(workdir: Path, file: media.File) -> bytes:
    """A file's bytes, if they are what the child said. Raises OutputError. Blocks.

    No link is followed on the way: the child may have been taken over by what it decoded, and must not choose among
    files that it cannot read itself.
    """
    if not _NAME.fullmatch(file.path):
        raise OutputError(f"{file.path!r} is no name for an output")
    if file.size > MOST_BYTES:
        raise OutputError(f"{file.path} is {file.size} bytes")
    try:
        data = _read(workdir, file.path.split("/"), file.size + 1)
    except OSError as error:
        raise OutputError(f"{file.path} cannot be read: {error.strerror}") from error
    if not _is(file, data):
        raise OutputError(f"{file.path} is not what was said to be in it")
    return data


def _is(file: media.File, data: bytes) -> bool:
    return len(data) == file.size and hashlib.sha256(data).hexdigest() == file.sha256


def check_whole(workdir: Path, file: media.File) -> None:
    """Whether a file that lies in the folder itself is what the child said, which is gone by now. Raises OutputError.
    Blocks.
    """
    if not _NAME.fullmatch(file.path) or "/" in file.path:
        raise OutputError(f"{file.path!r} is no name for such an output")
    try:
        opened = os.open(workdir / file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise OutputError(f"{file.path} cannot be read: {error.strerror}") from error
    with open(opened, "rb") as data:  # noqa: PTH123 (a descriptor)
        regular, size = stat.S_ISREG(os.fstat(opened).st_mode), os.fstat(opened).st_size
        if not regular or size != file.size or hashlib.file_digest(data, "sha256").hexdigest() != file.sha256:
            raise OutputError(f"{file.path} is not what was said to be in it")


def _read(workdir: Path, names: list[str], most: int) -> bytes:
    folder = os.open(workdir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in names[:-1]:
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        # Not blocking: a named pipe in a file's place would keep its reader for ever.
        file = os.open(names[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)
    with open(file, "rb") as opened:  # noqa: PTH123 (a descriptor)
        return opened.read(most)

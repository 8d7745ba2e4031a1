"""The upload as one seekable file, though it is many immutable parts that may not all have arrived. Pure."""

from __future__ import annotations

import itertools
import os
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, NoReturn, Self

from svc_transcode.media.errors import PartUnavailable

FetchPart = Callable[[int], Path]
"""Gives a file that holds part `index`; raises PartUnavailable. May be asked for the same part again."""

_OPEN_PARTS = 4


class PartReader:
    """A read-only file object over parts of known sizes.

    A read stops at the edge of a part, so that a demuxer's read-ahead never asks for a part that it does not need.
    A part that cannot be had RAISES, and goes on raising: the end of the file (b"") would be taken for the end of
    the video. Nothing here is named `mode`, which PyAV would read as the direction of the file.
    """

    def __init__(self, sizes: Sequence[int], fetch: FetchPart) -> None:
        if any(size <= 0 for size in sizes):
            raise ValueError("a part cannot be empty")
        self._edges = [0, *itertools.accumulate(sizes)]
        self._fetch = fetch
        self._open: OrderedDict[int, IO[bytes]] = OrderedDict()
        self._at = 0
        self._failure: PartUnavailable | None = None
        self.touched: set[int] = set()
        """Indexes of the parts that were read from so far."""

    @property
    def size(self) -> int:
        return self._edges[-1]

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, fewer at the edge of a part; b"" only at the end of the last one."""
        self.check()
        if self._at >= self.size or size == 0:
            return b""
        index = bisect_right(self._edges, self._at) - 1
        start, end = self._edges[index], self._edges[index + 1]
        wanted = end - self._at if size < 0 else min(size, end - self._at)
        data = os.pread(self._part(index).fileno(), wanted, self._at - start)
        if not data:
            self._fail(PartUnavailable(index, f"its file is shorter than {end - start} bytes"))
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError(f"cannot seek to {base + offset}")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def check(self) -> None:
        """Raises again what a read raised: FFmpeg may have taken it for an ordinary end of file."""
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()

    def _part(self, index: int) -> IO[bytes]:
        file = self._open.get(index)
        if file is None:
            try:
                file = self._fetch(index).open("rb", buffering=0)
            except PartUnavailable as failure:
                self._fail(failure)
            except OSError as failure:
                self._fail(PartUnavailable(index, failure.strerror or str(failure)))
            self._open[index] = file
            self.touched.add(index)
            if len(self._open) > _OPEN_PARTS:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(index)
        return file

    def _fail(self, failure: PartUnavailable) -> NoReturn:
        self._failure = failure
        raise failure


def reader_of(*files: Path) -> PartReader:
    """A reader over local files, one a part."""
    return PartReader([file.stat().st_size for file in files], lambda index: files[index])

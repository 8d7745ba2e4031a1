"""Cuts a muxer's stream of bytes into an init segment and fragments, as it is written. Pure.

The muxer sees a write-only, unseekable file; what it writes is never held for longer than one fragment.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from svc_transcode.media.boxes import BoxError

_HEADER, _LONG_HEADER = 8, 16
_INIT = frozenset({b"ftyp", b"moov"})
_DROPPED = frozenset({b"styp", b"sidx", b"prft", b"emsg", b"free", b"mfra"})


class FragmentSplitter:
    """A file object for a fragmented MP4 muxer; calls `on_init` once and `on_fragment` for every moof with its mdat.

    An exception from either callback passes through the muxer to whoever feeds it.
    """

    def __init__(self, on_init: Callable[[bytes], None], on_fragment: Callable[[bytearray], None]) -> None:
        self._on_init = on_init
        self._on_fragment = on_fragment
        self._pending = bytearray()
        self._init: bytearray | None = bytearray()
        self._moof = bytearray()

    def write(self, data: bytes) -> int:
        self._pending += data
        while (box := self._take()) is not None:
            self._accept(bytes(box[4:8]), box)
        return len(data)

    def finish(self) -> None:
        """To be called after the muxer was closed. Raises BoxError where it left something half written."""
        if self._pending or self._moof:
            raise BoxError("the muxer stopped within a box")

    def _take(self) -> bytearray | None:
        if len(self._pending) < _HEADER:
            return None
        size = struct.unpack_from(">I", self._pending)[0]
        if size == 1:
            if len(self._pending) < _LONG_HEADER:
                return None
            size = struct.unpack_from(">Q", self._pending, 8)[0]
        if size < _HEADER:
            raise BoxError("a box without a length")
        if len(self._pending) < size:
            return None
        box = self._pending[:size]
        del self._pending[:size]
        return box

    def _accept(self, kind: bytes, box: bytearray) -> None:
        if kind in _INIT and self._init is not None:
            self._init += box
            if kind == b"moov":
                self._on_init(bytes(self._init))
                self._init = None
        elif kind == b"moof":
            self._moof = box
        elif kind == b"mdat" and self._moof:
            fragment, self._moof = self._moof + box, bytearray()
            self._on_fragment(fragment)
        elif kind not in _DROPPED:
            raise BoxError(f"an unexpected box {kind!r}")

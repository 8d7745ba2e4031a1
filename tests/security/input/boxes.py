"""ISO base media files (ISO/IEC 14496-12) made by hand, and changed by hand."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

Change = Callable[[bytes], bytes]

FULL = 4
"""Bytes of version and flags that the content of a full box begins with."""


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each."""
    at = 0
    while at < len(data):
        size = struct.unpack_from(">I", data, at)[0]
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def changed(data: bytes, path: str, change: Change) -> bytes:
    """The file with the content of the boxes at `path` ("moov/trak/tkhd") changed; sizes are made to fit.

    Raises ValueError where there is no such box. The index has to stand behind the media, or offsets would be wrong.
    """
    kind, _, rest = path.partition("/")
    made, found = b"", False
    for name, content in boxes(data):
        if name == kind.encode():
            found = True
            content = changed(content, rest, change) if rest else change(content)  # noqa: PLW2901
        made += box(name, content)
    if not found:
        raise ValueError(f"there is no {path}")
    return made


def without(data: bytes, kind: bytes) -> bytes:
    return b"".join(box(name, content) for name, content in boxes(data) if name != kind)


def words(*values: int) -> bytes:
    """Big-endian words of four bytes."""
    return struct.pack(f">{len(values)}I", *values)


def put(at: int, value: bytes) -> Change:
    """Overwrites at an offset of the content."""
    return lambda content: content[:at] + value + content[at + len(value) :]

"""Which way up a picture is, by its EXIF data (CIPA DC-008). Pure; nothing else is read of it."""

from __future__ import annotations

import struct
from typing import Final

PREFIX: Final = b"Exif\0\0"
UPRIGHT: Final = 1
_ORIENTATION, _SHORT = 274, 3
_MOST_FIELDS: Final = 1000


def orientation(data: bytes) -> int:
    """1 to 8; 1 where it is not said, or cannot be read."""
    data = data.removeprefix(PREFIX)
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        return UPRIGHT
    try:
        (first,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, first)
        for number in range(min(count, _MOST_FIELDS)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", data, first + 2 + 12 * number)
            if tag == _ORIENTATION and kind == _SHORT and 1 <= value <= 8:
                return value
    except struct.error:
        pass
    return UPRIGHT

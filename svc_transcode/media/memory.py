"""Whether a failure is one of memory, whatever it is called by whom it befell."""

from __future__ import annotations

import mmap
from typing import Final

_ROOM: Final = 64 << 20
"""Bytes; more than an encoder or a thread asks for at once."""


def is_of_memory(failure: BaseException) -> bool:
    """Whether memory ran out: it says so, or was caused by what does, or there is no room left now.

    Codecs tell of it as of any failure, and a thread that cannot be begun is "temporarily unavailable". To be asked
    while the failure is handled: its traceback still holds what was in use.
    """
    return any(isinstance(one, MemoryError) for one in _causes(failure)) or not _is_room()


def _causes(failure: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while failure is not None and failure not in found:
        found.append(failure)
        failure = failure.__cause__ or failure.__context__
    return found


def _is_room() -> bool:
    try:
        mmap.mmap(-1, _ROOM).close()
    except (OSError, MemoryError):
        return False
    return True

"""Landlock: a process bounds the files that it can reach, and more (Linux 5.13 and later).

https://docs.kernel.org/userspace-api/landlock.html; numbers from `linux/landlock.h`. An older kernel knows less of it:
what it does not know is left out, as that page recommends.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # of every architecture
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FIRST_VERSION: Final = (1 << 13) - 1
_SINCE: Final = {2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEV}
_TCP: Final = 0b11  # bind, connect
TCP_SINCE: Final = 4
"""The version that knows of TCP."""
_OTHERS: Final = 0b11  # abstract UNIX sockets, signals
_OTHERS_SINCE: Final = 6

READ: Final = _READ_FILE | _READ_DIR
WRITE: Final = READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _TRUNCATE
_OF_FILES: Final = _READ_FILE | _WRITE_FILE | _TRUNCATE


def version() -> int:
    """What this kernel knows of Landlock: 0 for nothing, 4 and more for TCP as well, 6 and more for signals."""
    if sys.platform != "linux":
        return 0
    return max(0, _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION)))


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Leaves this thread nothing but these folders (and files), and whether it holds.

    Paths that do not exist are passed over. No programme can be run any more, no TCP be spoken and nobody else
    signalled, where the kernel knows how. The caller has given up new privileges before, see `kernel`.
    """
    known = version()
    if known == 0:
        return False
    handled = _FIRST_VERSION
    for since, right in _SINCE.items():
        handled |= right if known >= since else 0
    attributes = struct.pack("=Q", handled)
    attributes += struct.pack("=Q", _TCP) if known >= TCP_SINCE else b""
    attributes += struct.pack("=Q", _OTHERS) if known >= _OTHERS_SINCE else b""
    libc = _libc()
    rules = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if rules < 0:
        return False
    try:
        for rights, paths in ((READ, readable), (WRITE, writable)):
            for path in paths:
                _allow(libc, rules, path, rights & handled)
        return libc.syscall(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0)) == 0
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, opened)
        libc.syscall(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(opened)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)

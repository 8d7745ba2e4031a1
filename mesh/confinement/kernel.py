"""What a Linux process can give up besides files; each function says whether it held. See namespaces(7), prctl(2)."""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path
from typing import Final

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_CAPABILITIES_V3: Final = 0x20080522
_OOM_SCORE: Final = Path("/proc/self/oom_score_adj")


def die_first(score: int) -> bool:
    """Makes this process the one to go when memory ends: `score` up to 1000. To be called before `no_dumps`."""
    try:
        _OOM_SCORE.write_text(str(score), encoding="ascii")
    except OSError:
        return False
    return True


def no_dumps() -> bool:
    """No core dump, not even to a dump service (which RLIMIT_CORE does not keep away), and no tracing by its equals."""
    return _prctl(_PR_SET_DUMPABLE, 0)


def no_new_privileges() -> bool:
    """No set-user-ID programme, nor anything else that is run, gives rights back."""
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def no_network() -> bool:
    """A network of its own with nothing in it, not even a loopback that is up.

    By a user namespace, which needs no rights; root may also do without, where those are switched off.
    """
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0 or unshare(_CLONE_NEWNET) == 0


def no_capabilities() -> bool:
    """None of root's rights, nor those that a new user namespace gives over itself: they are a way into the kernel."""
    header = struct.pack("=Ii", _CAPABILITIES_V3, 0)
    return ctypes.CDLL(None, use_errno=True).capset(header, bytes(24)) == 0


def _prctl(option: int, value: int) -> bool:
    words = [ctypes.c_ulong(word) for word in (value, 0, 0, 0)]
    return ctypes.CDLL(None, use_errno=True).prctl(ctypes.c_int(option), *words) == 0

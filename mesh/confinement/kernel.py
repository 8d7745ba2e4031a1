"""What a Linux process can give up besides files; each function says whether it held. See namespaces(7), prctl(2)."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_CAPABILITIES_V3: Final = 0x20080522
_COUNTS_BY_NAMESPACE: Final = (5, 14)
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


@dataclass(frozen=True, slots=True)
class Alone:
    """What a process has for itself."""

    network: bool
    """A network with nothing in it, not even a loopback that is up."""
    user: bool
    """A user namespace, in which it is counted apart from others of its user."""


def alone() -> Alone:
    """Gives this process a user namespace and a network, which needs no rights.

    Root may also have the latter without the former, where user namespaces are switched off.
    """
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    if unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        return Alone(network=True, user=True)
    return Alone(network=unshare(_CLONE_NEWNET) == 0, user=False)


def few_tasks(most: int) -> bool:
    """At most so many threads and processes of this user (RLIMIT_NPROC).

    To be called in a user namespace of its own, where nobody else is counted; older kernels count all that the user
    runs all the same, so on them nothing is done. It does not hold whoever is root outside: see setrlimit(2).
    """
    if _version() < _COUNTS_BY_NAMESPACE:
        return False
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    return True


def no_capabilities() -> bool:
    """None of root's rights, nor those that a new user namespace gives over itself: they are a way into the kernel."""
    header = struct.pack("=Ii", _CAPABILITIES_V3, 0)
    return ctypes.CDLL(None, use_errno=True).capset(header, bytes(24)) == 0


def _version() -> tuple[int, int]:
    """Of the kernel; (0, 0) where it does not say it as Linux does."""
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _prctl(option: int, value: int) -> bool:
    words = [ctypes.c_ulong(word) for word in (value, 0, 0, 0)]
    return ctypes.CDLL(None, use_errno=True).prctl(ctypes.c_int(option), *words) == 0

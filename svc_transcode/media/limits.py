"""What a media child may use. The child lays these on itself before it touches a byte of media."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass

_PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Limits of one child. Beyond any of them the child dies, and the parent sees `ChildCrashed` or `ChildTimedOut`."""

    address_space: int = 6 << 30
    """Bytes of virtual memory (RLIMIT_AS); not enforced on macOS, where the limit does not work."""
    cpu_seconds: int = 3600
    file_size: int = 4 << 30
    """Bytes of any one file written."""
    open_files: int = 64
    wall_seconds: float = 1800.0
    """Enforced by the parent; the time that it takes to fetch parts is not counted."""


def restrict_self(limits: ChildLimits) -> None:
    """Lowers this process's own limits, for good (soft and hard alike)."""
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: limits.open_files,
    }
    if sys.platform != "darwin":
        wanted[resource.RLIMIT_AS] = limits.address_space
    for which, value in wanted.items():
        _, hard = resource.getrlimit(which)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (ceiling, ceiling))


def die_with_parent(parent: int) -> None:
    """Arranges that this process is killed when `parent` (the pid of its parent) dies; on Linux alone.

    Elsewhere the child notices at its next word to the parent, whose pipe is then closed.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the request was in place
        os.kill(os.getpid(), signal.SIGKILL)

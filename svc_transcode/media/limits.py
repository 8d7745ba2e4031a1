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
_CPU_GRACE = 2


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """Limits of one child. Beyond any of them the child dies, and the parent sees why.

    `ChildExhausted` for memory and CPU, which the file alone decides on, `ChildTimedOut` for time by the clock, and
    `ChildCrashed` for the rest.
    """

    address_space: int = 6 << 30
    """Bytes of virtual memory (RLIMIT_AS); not enforced on macOS, where the limit does not work."""
    cpu_seconds: int = 1800
    """Of all its threads together."""
    file_size: int = 4 << 30
    """Bytes of any one file written."""
    open_files: int = 64
    tasks: int = 512
    """Threads and processes at one time (RLIMIT_NPROC), where the child is alone in a user namespace: elsewhere all
    processes of the same user would count."""
    wall_seconds: float = 1800.0
    """Enforced by the parent; the time that it takes to fetch parts is not counted."""


def restrict_self(limits: ChildLimits) -> None:
    """Lowers this process's own limits, for good (soft and hard alike)."""
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: limits.open_files,
    }
    if sys.platform != "darwin":
        wanted[resource.RLIMIT_AS] = limits.address_space
    for which, value in wanted.items():
        _lower(which, value, value)
    # At the soft limit SIGXCPU ends the process and says why; whoever got in and ignores it is killed at the hard one.
    _lower(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + _CPU_GRACE)


def _lower(which: int, soft: int, hard: int) -> None:
    _, most = resource.getrlimit(which)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(which, (soft, hard))


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

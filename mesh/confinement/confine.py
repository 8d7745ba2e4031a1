"""All of it, in the order that works."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mesh.confinement import kernel, landlock

if TYPE_CHECKING:
    from collections.abc import Iterator

DIES_FIRST: Final = 800
"""`oom_score_adj` of a confined process: it goes before the services and before the store, but the kernel still
prefers what uses ten times as much."""

SYSTEM: Final = (
    *("/usr", "/lib", "/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache", "/etc/localtime"),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu"),
    *("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"),
)
"""What libraries read, and no secret is in."""


INSTALLED: Final = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is left to a confined process."""

    readable: tuple[Path, ...]
    """Folders and files, besides Python's own, this package's and the system's libraries."""
    writable: tuple[Path, ...]
    """Folders; also readable."""
    tasks: int = 512
    """Threads and processes at one time."""


@dataclass(frozen=True, slots=True)
class Held:
    """What this machine allowed to be given up. Core dumps and new privileges always can be, on Linux."""

    network: bool
    """No network of any kind, not even loopback."""
    tcp: bool
    """At the least no TCP."""
    files: bool
    """Nothing outside the bounds can be opened."""
    tasks: bool
    """Threads and processes are few. Not before Linux 5.14, and not for root, whom no kernel holds to it."""


def confine(bounds: Bounds) -> Held:
    """Confines this process, which must have a single thread, for good. Raises nothing: what cannot be had is told."""
    if sys.platform != "linux":
        return Held(network=False, tcp=False, files=False, tasks=False)
    kernel.die_first(DIES_FIRST)
    kernel.no_new_privileges()
    root = os.getuid() == 0  # nobody is, by their own account, once they are in a user namespace
    alone = kernel.alone()
    kernel.no_capabilities()
    files = landlock.restrict((*_own(), *bounds.readable), bounds.writable)
    kernel.no_dumps()  # last: it takes this process's own /proc from it
    few = alone.user and kernel.few_tasks(bounds.tasks)
    tcp = alone.network or (files and landlock.version() >= landlock.TCP_SINCE)
    return Held(alone.network, tcp, files, tasks=few and not root)


def _own() -> Iterator[Path]:
    """Where libraries and modules are read from, later as well."""
    yield from map(Path, (*SYSTEM, sys.prefix, sys.base_prefix))
    yield from (Path(entry) for entry in sys.path if Path(entry).name in INSTALLED)
    # Not the folder that holds it: a stack's data may lie there too, where it runs from a checkout.
    yield Path(__file__).resolve().parents[1]

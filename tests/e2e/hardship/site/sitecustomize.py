"""Gives a process a clock of its own: Python runs this first where this folder is on its path (see `site`).

`CLOCKS` names a folder; the file there that is named like the module the process runs holds the seconds by which its
clock is ahead. The monotonic clock stays as it is, as it does when a machine's clock is set.
"""

from __future__ import annotations

import datetime
import os
import sys
import time
from importlib import import_module
from types import ModuleType
from typing import Any

_REAL_NS = time.time_ns
_REAL = datetime.datetime


def _module() -> str:
    words = sys.orig_argv
    return words[words.index("-m") + 1] if "-m" in words[:-1] else ""


_FILE = os.path.join(os.environ.get("CLOCKS", ""), _module())  # noqa: PTH118 (as little as can be is imported here)


def _ahead_ns() -> int:
    try:
        with open(_FILE, encoding="ascii") as file:  # noqa: PTH123
            return int(float(file.read() or 0) * 1e9)
    except (OSError, ValueError):
        return 0


def _time_ns() -> int:
    return _REAL_NS() + _ahead_ns()


def _time() -> float:
    return _time_ns() / 1e9


class _Kind(type):
    """Every time is one of ours, wherever it was made."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _REAL)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _REAL)


class _Datetime(_REAL, metaclass=_Kind):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _REAL.fromtimestamp(_time(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return _REAL.fromtimestamp(_time(), datetime.UTC).replace(tzinfo=None)


def _put_on() -> None:
    # gRPC compares what Python says with what its core does, which has the machine's clock; when that one is set, the
    # two never differ. What is imported before keeps the real module.
    import_module("grpc.aio")
    ours = ModuleType("time")
    ours.__dict__.update(time.__dict__, time=_time, time_ns=_time_ns)
    sys.modules["time"] = ours
    datetime.datetime = _Datetime  # type: ignore[misc]


if _module() and not _module().startswith("mesh."):
    _put_on()

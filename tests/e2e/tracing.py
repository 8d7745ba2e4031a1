"""System calls of a stack's parts, by strace: what was synced before somebody was answered."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace, which shows the system calls, is not installed"
)

CALLS = "fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg"

_CALL = re.compile(r"^(?P<thread>\d+) +(?P<time>[\d.]+) (?P<call>\w+)\(\d+<(?P<file>[^>]*)>")
_ENDED = re.compile(r"^(?P<thread>\d+) +(?P<time>[\d.]+) <\.\.\. (?P<call>\w+) resumed>.* = (?P<result>-?\d+)")
_RESULT = re.compile(r"= (?P<result>-?\d+)(?: \(|$| )")


@dataclass(frozen=True, slots=True)
class Call:
    """A write or sync of a file: when it began and ended (Unix time, seconds), and what it returned."""

    name: str
    file: str
    begun: float
    ended: float
    result: int

    @property
    def is_sync(self) -> bool:
        return self.name in ("fsync", "fdatasync") and self.result == 0


@dataclass(slots=True)
class Trace:
    """What was seen; filled when the block ends."""

    calls: list[Call] = field(default_factory=list)

    def writes(self, file: str, since: float, until: float) -> list[Call]:
        """Writes that ended in this time, to files whose path matches a regular expression."""
        return [
            call
            for call in self.calls
            if not call.name.endswith("sync") and re.search(file, call.file) and since <= call.ended <= until
        ]

    def unsynced(self, file: str, since: float, until: float) -> list[Call]:
        """Those of the writes that no sync of the same file followed within that time."""
        syncs = [call for call in self.calls if call.is_sync and call.ended <= until]
        return [
            write
            for write in self.writes(file, since, until)
            if not any(sync.file == write.file and sync.begun >= write.ended for sync in syncs)
        ]


@contextmanager
def tracing(pids: Sequence[int], folder: Path) -> Generator[Trace]:
    """Follows processes that run, with all their threads. Skips the test where the platform forbids that."""
    file, trace = folder / "trace", Trace()
    attach = [word for pid in pids for word in ("-p", str(pid))]
    command = ["strace", "-f", "-y", "-ttt", "-s", "0", "-e", f"trace={CALLS}", "-o", str(file), *attach]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            _wait_attached(process, len(pids))
            yield trace
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
    trace.calls.extend(_calls(file.read_text(errors="replace").splitlines()))


def _wait_attached(process: subprocess.Popen[str], count: int) -> None:
    assert process.stderr is not None
    give_up = time.monotonic() + 20
    while count:
        line = process.stderr.readline()
        if "not permitted" in line:
            pytest.skip("this container forbids ptrace, which strace needs")
        assert line, "strace ended"
        assert time.monotonic() < give_up
        count -= "attached" in line


def _calls(lines: Sequence[str]) -> Iterator[Call]:
    begun: dict[str, tuple[str, str, float]] = {}
    for line in lines:
        if (found := _CALL.match(line)) is not None:
            name, path, when = found["call"], found["file"], float(found["time"])
            if line.endswith("<unfinished ...>"):
                begun[found["thread"]] = name, path, when
            elif (result := _RESULT.search(line)) is not None:
                yield Call(name, path, when, when, int(result["result"]))
        elif (found := _ENDED.match(line)) is not None and found["thread"] in begun:
            name, path, when = begun.pop(found["thread"])
            yield Call(name, path, when, float(found["time"]), int(found["result"]))

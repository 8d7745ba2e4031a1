"""`python -m tests.security.fuzz --calls 1000000 --seed 7`: a stack of its own, driven until the calls are made.

Ends with 1 and, for every promise that an answer broke, with the command that makes that call again. Many calls are
made in slices, each of which begins with what the stack began with: `--first 230000 --calls 10000` repeats one.
`--replay LINE` sends what went over the wire then.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.e2e.stacks import start, vidmesh
from tests.security.fuzz.driving import Drive, Record
from tests.security.fuzz.shots import Shot
from tests.security.fuzz.wire import Wire
from tests.security.matrix.scene import Scene, make_scene

SLICE: Final = 10_000
"""Calls that one run of the pool serves."""


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--calls", type=int, default=10_000)
    words.add_argument("--first", type=int, default=0, help="number of the first call")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--replay", metavar="LINE", help="make this call alone")
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="vidmesh-fuzz-") as folder:
        data = Path(folder) / "data"
        try:
            scene = make_scene(start(data), Path(folder))
            record = asyncio.run(drive(scene, given.seed, given.first, given.calls, given.replay))
            scene.close()
            report(record)
            return 1 if record.broken else 0
        finally:
            vidmesh("down", "--data", str(data))


async def drive(scene: Scene, seed: int, first: int, count: int, line: str | None = None) -> Record:
    """Make these calls on the scene's stack, slice by slice, or the one of the line."""
    wire = Wire(scene.stack.edge_url, services(scene))
    whole = Record()
    try:
        if line is not None:
            made = Drive(scene, wire, seed)
            print(await made.one(Shot.from_line(line)))
            return made.record
        for begin in range(first, first + count, SLICE):
            made = Drive(scene, wire, seed)
            size = min(SLICE, first + count - begin)
            started = time.perf_counter()
            await made.calls(begin, size)
            whole.add(made.record)
            took = time.perf_counter() - started
            told = f"seed {seed}, {begin} to {begin + size - 1}: {took:.1f} s, {made.record.broken.total()} broken"
            print(told, file=sys.stderr, flush=True)
        return whole
    finally:
        await wire.close()


def services(scene: Scene) -> dict[str, str]:
    """Where each service listens."""
    return {name: where for name, where in scene.configuration["services"].items() if name.startswith("svc_")}


def report(record: Record) -> None:
    """For people."""
    for code, count in sorted(record.codes.items()):
        print(f"{count:8} {code}")
    print("not signed in:", dict(record.refused.most_common()))
    print("made again, because this program was not let run:", record.unheard)
    print(f"slowest: {record.slowest:.2f} s {record.slowest_method}")
    for method in sorted(set(record.methods) - set(record.answered)):
        print(f"never answered: {method} ({record.methods[method]} calls)")
    for why, count in record.broken.most_common():
        print(f"BROKEN {count:6} {why}")
    for failure in record.failures:
        print(failure[:3_000])


if __name__ == "__main__":
    sys.exit(main())

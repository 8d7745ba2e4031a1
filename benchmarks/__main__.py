"""`python -m benchmarks NAME… [--quick] [--json] [--list]`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import traceback
from collections.abc import Mapping

from benchmarks.harness.finding import find_benchmarks
from benchmarks.harness.machine import this_machine
from benchmarks.harness.model import Benchmark, Effort, NothingToMeasure, Row
from benchmarks.harness.showing import as_json, as_table


def main(words: list[str] | None = None) -> int:
    """Runs what is named, or all; 1 where one broke off, after which the others still run.

    An aim that is not met is told, and is no failure: figures depend on machines.
    """
    there = find_benchmarks()
    args = _arguments(words, there)
    if args.list:
        width = max(map(len, there), default=0)
        sys.stdout.writelines(f"{name.ljust(width)}  {benchmark.title}\n" for name, benchmark in there.items())
        return 0
    effort, broken = Effort(quick=args.quick), False
    for name in args.names or there:
        began = time.monotonic()
        machine = this_machine()
        try:
            rows = asyncio.run(_run(there[name], effort))
        except NothingToMeasure as missing:
            sys.stderr.write(f"{name} is left out: {missing}\n")
            continue
        except Exception:  # whatever it is: the next benchmark has nothing to do with it
            traceback.print_exc()
            sys.stderr.write(f"{name} broke off after {time.monotonic() - began:.0f} s\n")
            broken = True
            continue
        told = as_json(name, machine, rows) if args.json else as_table(name, there[name].title, machine, rows) + "\n"
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()
        sys.stderr.write(f"{name} took {time.monotonic() - began:.0f} s\n")
    return int(broken)


def _arguments(words: list[str] | None, there: Mapping[str, Benchmark]) -> argparse.Namespace:
    names = ", ".join(there)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures. Without a name: everything.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {names}")
    parser.add_argument("--quick", action="store_true", help="three rounds of little work instead of five of more")
    parser.add_argument("--json", action="store_true", help="one JSON object for each benchmark, on a line of its own")
    parser.add_argument("--list", action="store_true", help="say what there is, and measure nothing")
    args = parser.parse_args(words)
    # Argparse's own `choices` refuses no name at all.
    if unknown := [name for name in args.names if name not in there]:
        parser.error(f"there is no benchmark {unknown[0]}; there are {names}")
    return args


async def _run(benchmark: Benchmark, effort: Effort) -> list[Row]:
    return list(await benchmark.run(effort))


if __name__ == "__main__":
    sys.exit(main())

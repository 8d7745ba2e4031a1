"""Which benchmarks there are: every plain module of a package that holds a `BENCHMARK`. None is known by name."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType

import benchmarks
from benchmarks.harness.model import Benchmark


class NoBenchmark(Exception):  # noqa: N818 (it says what is the case)
    """A module where a benchmark should be has none."""


def find_benchmarks(package: ModuleType = benchmarks) -> Mapping[str, Benchmark]:
    """Name → benchmark, in the order of names. Raises NoBenchmark."""
    found: dict[str, Benchmark] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        if module.ispkg or module.name.startswith("_"):
            continue
        benchmark = getattr(import_module(f"{package.__name__}.{module.name}"), "BENCHMARK", None)
        if not isinstance(benchmark, Benchmark):
            raise NoBenchmark(f"{package.__name__}.{module.name} has no BENCHMARK")
        found[module.name] = benchmark
    return found

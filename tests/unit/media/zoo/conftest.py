"""Each kind is made once, and goes down the road once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from .kinds import Kind
from .pipeline import Done, process
from .writing import write


@dataclass(frozen=True, slots=True)
class Specimen:
    """A kind, its file, and what became of it."""

    kind: Kind
    path: Path
    done: Done


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Kind], Path]:
    """The file of a kind, written when it is first asked for."""
    known: dict[Kind, Path] = {}

    def make(kind: Kind) -> Path:
        if (path := known.get(kind)) is None:
            path = known[kind] = write(kind, tmp_path_factory.mktemp("kind") / kind.file)
        return path

    return make


@pytest.fixture(scope="session")
def processed(source: Callable[[Kind], Path]) -> Callable[[Kind], Specimen]:
    """A kind at the end of the road."""
    known: dict[Kind, Specimen] = {}

    def run(kind: Kind) -> Specimen:
        if (specimen := known.get(kind)) is None:
            path = source(kind)
            specimen = known[kind] = Specimen(kind, path, process(path, path.parent / "made"))
        return specimen

    return run

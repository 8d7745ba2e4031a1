"""Where a throw-away Cassandra's programme lies: jars, an archive of loaded classes and an empty database, all kept.

The folder is `.cache/cassandra/<version>` beside the project's pyproject.toml, made on first use (some 130 MB). Delete
it to begin anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
_FETCH_SECONDS: Final = 240


class CassandraMissing(Exception):  # noqa: N818 (it says what is the case)
    """There is no Cassandra to be had here; the sentence says why, as a test's reason to be skipped."""


class CassandraHome:
    """The kept folder: `lib` (jars), `classes.jsa` (class-data archive), `template` (data of an empty database)."""

    def __init__(self, folder: Path, java: str) -> None:
        self.folder = folder
        self.java = java
        self.lib = folder / "lib"
        self.archive = folder / "classes.jsa"
        self.template = folder / "template"

    @property
    def classpath(self) -> str:
        """All jars, always in the same order, which a class-data archive demands."""
        return os.pathsep.join(str(jar) for jar in sorted(self.lib.glob("*.jar")))


def cassandra_home(warm_up: Callable[[CassandraHome, Path], None]) -> CassandraHome:
    """The folder, filled where it is not. Raises CassandraMissing.

    `warm_up(home, folder)` runs a server once, with its data in `folder`, writing `home.archive`. It is not called
    when an earlier run left both archive and template.
    """
    java = shutil.which("java")
    if java is None:
        raise CassandraMissing("there is no java to run Cassandra with")
    version = hashlib.sha256((HERE / "pom.xml").read_bytes()).hexdigest()[:12]
    home = CassandraHome(HERE.parents[2] / ".cache" / "cassandra" / version, java)
    home.folder.mkdir(parents=True, exist_ok=True)
    with _locked(home.folder / "lock"):
        if not home.lib.is_dir():
            _fetch(home.lib)
        if not home.template.is_dir():
            making = home.folder / "making"
            shutil.rmtree(making, ignore_errors=True)
            warm_up(home, making)
            making.rename(home.template)
    return home


def _fetch(lib: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CassandraMissing("there is no mvn to fetch Cassandra with")
    making = lib.with_name("fetching")
    shutil.rmtree(making, ignore_errors=True)
    command = [maven, "-B", "-q", "-ntp", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
    try:
        subprocess.run(  # noqa: S603
            [*command, "-DincludeScope=runtime", f"-DoutputDirectory={making}"],
            check=True,
            capture_output=True,
            text=True,
            timeout=_FETCH_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise CassandraMissing(f"Cassandra's jars did not come within {_FETCH_SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        raise CassandraMissing(f"Cassandra's jars cannot be fetched: {error.stdout.strip()[-300:]}") from None
    making.rename(lib)


@contextmanager
def _locked(path: Path) -> Generator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

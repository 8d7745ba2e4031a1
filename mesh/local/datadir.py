"""The folder where a one-machine stack keeps everything, its format, and who may use it."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from mesh.local.errors import StackError

FORMAT = 1
"""Grows when an older vidmesh could no longer read what a newer one wrote."""

MAY_BE_THERE_FIRST = frozenset({"session.json"})


def data_folder(named: Path | None) -> Path:
    """The data folder as every command finds it: `--data`, else VIDMESH_DATA, else `.vidmesh`."""
    return (named or Path(os.environ.get("VIDMESH_DATA") or ".vidmesh")).absolute()


@dataclass(frozen=True, slots=True)
class DataDir:
    """Paths below one absolute folder. Nothing here is readable by other users of the machine."""

    root: Path

    @property
    def objects(self) -> Path:
        return self.root / "objects"

    @property
    def bus(self) -> Path:
        return self.root / "bus"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def config_file(self) -> Path:
        """The whole configuration of this run, secrets included, as the parts read it."""
        return self.run / "config.toml"

    @property
    def stack_file(self) -> Path:
        """The state of this run, for `status`, `down` and clients that look for the edge."""
        return self.run / "stack.json"

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    def check(self) -> None:
        """Raises `StackError` where the data is of a newer format, or not vidmesh's at all. Changes nothing."""
        mark = self.root / "FORMAT"
        if mark.exists():
            self._refuse_newer(mark.read_text(encoding="ascii"))
        elif self.root.exists():
            self._refuse_foreign()

    def prepare(self) -> None:
        """Makes the folders where they are not. Raises `StackError` as `check` does."""
        try:
            self.check()
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.root / "FORMAT").write_text(f"{FORMAT}\n", encoding="ascii")
            for folder in (self.root / "tables", self.objects, self.bus, self.secrets, self.run, self.logs):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StackError(f"Cannot use the data folder {self.root}: {error.strerror}") from error

    def _refuse_newer(self, text: str) -> None:
        try:
            found = int(text)
        except ValueError:
            raise StackError(f"The file FORMAT in {self.root} does not hold a number") from None
        if found > FORMAT:
            raise StackError(
                f"The data in {self.root} is of format {found}, newer than the {FORMAT} that this vidmesh knows: "
                "start it with the vidmesh that wrote it, or a newer one"
            )

    def _refuse_foreign(self) -> None:
        if {entry.name for entry in self.root.iterdir()} - MAY_BE_THERE_FIRST:
            raise StackError(f"{self.root} holds other files: name an empty or a new folder by --data")


class StackLock:
    """Held by the supervisor as long as it lives; the system lets it go whatever way the supervisor ends."""

    def __init__(self, data: DataDir) -> None:
        self._path = data.run / "lock"
        self._descriptor = -1

    def acquire(self) -> None:
        """Raises `StackError` where another stack has this data."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise StackError(
                f"A stack already runs on {self._path.parent.parent}: "
                "`vidmesh status` shows it, `vidmesh down` stops it"
            ) from None
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def is_held(self) -> bool:
        """Whether some supervisor lives on this data."""
        try:
            descriptor = os.open(self._path, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

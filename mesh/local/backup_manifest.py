"""What a back-up consists of, in `manifest.json`: written last, so that a back-up without it is none."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from mesh.local.errors import StackError
from mesh.objects.files import sha256_of
from vidmesh.client.files import write_private

FORMAT: Final = 1
_NAME: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One back-up."""

    format: int
    vidmesh: str
    data_format: int
    """FORMAT of the data folder."""
    time: str
    """The moment it is of, in ISO 8601."""
    state: str
    """Folder with tables, streams and secrets."""
    files: dict[str, str]
    """Of that folder: path → SHA-256."""
    streams: dict[str, dict[str, Any]]
    """What puts each stream back."""
    buckets: dict[str, str]
    """What each bucket is for → its name."""
    objects: int
    object_bytes: int


def exists(folder: Path) -> bool:
    """Whether a back-up was finished here."""
    return (folder / _NAME).exists()


def write(folder: Path, manifest: Manifest) -> None:
    """From now on this is the folder's back-up."""
    write_private(folder / _NAME, json.dumps(asdict(manifest), indent=1) + "\n")


def read(folder: Path) -> Manifest:
    """The folder's back-up, its small files checked. Raises StackError."""
    try:
        told = json.loads((folder / _NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StackError(f"{folder} holds no finished back-up") from None
    except ValueError as error:
        raise StackError(f"{folder / _NAME} is damaged: {error}") from None
    if told.get("format", 0) > FORMAT:
        raise StackError(
            f"The back-up in {folder} has format {told['format']}, newer than the {FORMAT} that this vidmesh knows: "
            "use the vidmesh that made it, or a newer one"
        )
    manifest = Manifest(**told)
    for name, digest in manifest.files.items():
        file = folder / manifest.state / name
        if not file.is_file() or sha256_of(file).hex() != digest:
            raise StackError(f"The back-up is damaged: {file} is not as it was written")
    return manifest


def digests(folder: Path) -> dict[str, str]:
    """Path → SHA-256 of every file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256_of(path).hex() for path in files}

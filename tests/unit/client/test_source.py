"""The file that is sent may change."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from vidmesh.client.errors import ClientError
from vidmesh.client.parts import Span
from vidmesh.client.source import Source, SourceChangedError

CONTENT = os.urandom(3_000_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(CONTENT)
    return path


async def test_parts_are_read_and_hashed_as_they_lie_in_the_file(file: Path) -> None:
    source, span = Source.open(file), Span(2, 1_000_000, 1_500_001)
    assert await source.read(span) == CONTENT[1_000_000:2_500_001]
    assert await source.digest(span) == hashlib.sha256(CONTENT[1_000_000:2_500_001]).digest()
    source.close()


def longer(file: Path) -> None:
    with file.open("ab") as more:
        more.write(b"x")


def touched(file: Path) -> None:
    os.utime(file, ns=(1, 1))


def replaced(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(b"something else")
    other.replace(file)


@pytest.mark.parametrize("change", [longer, touched, replaced, Path.unlink])
def test_a_change_is_noticed(file: Path, change: Callable[[Path], None]) -> None:
    source = Source.open(file)
    source.check()
    change(file)
    with pytest.raises(SourceChangedError, match=r"clip\.mp4 changed"):
        source.check()
    source.close()


async def test_a_file_that_became_shorter_is_noticed_while_it_is_read(file: Path) -> None:
    source = Source.open(file)
    os.truncate(file, 1_000_000)
    with pytest.raises(SourceChangedError):
        await source.read(Span(1, 0, 3_000_000))
    source.close()


def test_what_cannot_be_uploaded_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(ClientError, match="is empty"):
        Source.open(tmp_path / "empty")
    with pytest.raises(ClientError, match="is not a file"):
        Source.open(tmp_path)
    with pytest.raises(FileNotFoundError):
        Source.open(tmp_path / "nowhere")

"""A child's word about what it wrote is checked before anything leaves the machine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from svc_transcode.media.jobs import File
from svc_transcode.worker.outputs import MOST_BYTES, OutputError, check_whole, read_checked


def file_of(path: str, content: bytes) -> File:
    return File(path, len(content), hashlib.sha256(content).hexdigest())


def test_a_file_that_is_what_was_said_is_read(tmp_path: Path) -> None:
    (tmp_path / "360p").mkdir()
    (tmp_path / "360p" / "00001.m4s").write_bytes(b"segment")
    assert read_checked(tmp_path, file_of("360p/00001.m4s", b"segment")) == b"segment"


@pytest.mark.parametrize("content", [b"", b"segmenT", b"segment and more", b"seg"])
def test_other_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.m4s").write_bytes(content)
    with pytest.raises(OutputError, match="not what was said"):
        read_checked(tmp_path, file_of("a.m4s", b"segment"))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be read"):
        read_checked(tmp_path, file_of("a.m4s", b"segment"))


@pytest.mark.parametrize("link", ["a.m4s", "360p"])
def test_no_link_is_followed_out_of_the_work_directory(tmp_path: Path, link: str) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "work"
    outside.mkdir()
    inside.mkdir()
    (outside / "a.m4s").write_bytes(b"secret")
    (inside / link).symlink_to(outside / "a.m4s" if link == "a.m4s" else outside)
    with pytest.raises(OutputError, match="cannot be read"):
        read_checked(inside, file_of("a.m4s" if link == "a.m4s" else "360p/a.m4s", b"secret"))


@pytest.mark.timeout(10)
def test_a_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.m4s")
    with pytest.raises(OutputError):
        read_checked(tmp_path, file_of("a.m4s", b"segment"))


@pytest.mark.parametrize("path", ["", "a", "a.html", "a//b.mp4", "./a.mp4", "a b.mp4", "a.mp4\n", "é.mp4", ".mp4"])
def test_a_name_that_no_child_of_ours_gives_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(OutputError, match="no name"):
        read_checked(tmp_path, File(path, 1, "00"))


def test_a_file_that_is_said_to_be_huge_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.m4s").write_bytes(b"")
    with pytest.raises(OutputError, match="bytes"):
        read_checked(tmp_path, File("a.m4s", MOST_BYTES + 1, "00"))


def test_a_file_to_keep_is_what_was_said_whatever_its_size(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"film")
    check_whole(tmp_path, file_of("film.mp4", b"film"))
    for said in (file_of("film.mp4", b"filM"), file_of("film.mp4", b"film and more")):
        with pytest.raises(OutputError, match="not what was said"):
            check_whole(tmp_path, said)


@pytest.mark.parametrize("name", ["inner/film.mp4", "../film.mp4x", "film", ""])
def test_a_file_to_keep_lies_in_the_work_directory_itself(tmp_path: Path, name: str) -> None:
    with pytest.raises((OutputError, ValueError), match=r"name|outside"):
        check_whole(tmp_path, file_of(name, b"film"))


@pytest.mark.timeout(10)
def test_a_file_to_keep_is_no_link_and_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"film")
    (tmp_path / "film.mp4").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe.mp4")
    for name in ("film.mp4", "pipe.mp4", "none.mp4"):
        with pytest.raises(OutputError):
            check_whole(tmp_path, file_of(name, b"film"))

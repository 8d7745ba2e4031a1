"""What an upload remembers."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidmesh.client.journal import Entry, Journal
from vidmesh.client.source import Fingerprint
from vidmesh.upload.v1.upload_service_pb2 import CreateUploadRequest
from vidmesh.upload.v1.video_pb2 import Video

FILE = Path("/somewhere/clip.mp4")


def entry(upload_id: str = "") -> Entry:
    request = CreateUploadRequest(request_id="r", channel_id="channel", size_bytes=5, video=Video(title="Tïtle"))
    return Entry(str(FILE), Fingerprint(5, 123456789), request, upload_id)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "uploads", "here")


def test_what_was_kept_is_found_again_word_for_word(journal: Journal, tmp_path: Path) -> None:
    journal.keep("account", entry())
    journal.keep("account", entry("upload"))
    assert Journal(tmp_path / "uploads", "here").find("account", "channel", FILE) == entry("upload")


@pytest.mark.parametrize(
    ("installation", "account", "channel", "path"),
    [
        ("there", "account", "channel", FILE),
        ("here", "other", "channel", FILE),
        ("here", "account", "other", FILE),
        ("here", "account", "channel", FILE.with_name("other.mp4")),
    ],
)
def test_an_upload_to_elsewhere_is_another_one(
    journal: Journal, tmp_path: Path, installation: str, account: str, channel: str, path: Path
) -> None:
    journal.keep("account", entry("upload"))
    assert Journal(tmp_path / "uploads", installation).find(account, channel, path) is None


def test_what_was_forgotten_is_not_found_and_forgetting_twice_is_no_error(journal: Journal) -> None:
    journal.keep("account", entry())
    journal.forget("account", entry())
    journal.forget("account", entry())
    assert journal.find("account", "channel", FILE) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}', '{"format": 99}'])
def test_a_file_that_is_not_understood_counts_as_none(journal: Journal, tmp_path: Path, content: str) -> None:
    journal.keep("account", entry())
    (file,) = (tmp_path / "uploads").iterdir()
    file.write_text(content)
    assert journal.find("account", "channel", FILE) is None


def test_nobody_else_can_read_it(journal: Journal, tmp_path: Path) -> None:
    journal.keep("account", entry())
    (file,) = (tmp_path / "uploads").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600

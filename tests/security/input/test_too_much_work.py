"""A file that keeps a media child computing beyond its limit of CPU time, on a stack that gives little of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from svc_transcode.media.errors import Spent
from svc_transcode.worker.failures import SPENT
from tests.e2e.people import Person, somebody
from tests.e2e.stacks import Stack, start, vidmesh
from tests.e2e.uploading import upload
from tests.security.input.clips import busy_pictures
from tests.security.input.files import TOO_DEMANDING, video
from tests.security.input.test_bad_files import children, end, sent
from tests.security.stored import sizes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(500)]

LITTLE: Final = """
# Two seconds of CPU time. On a machine so busy that it does not give them within four, the job is tried again.
job_timeout = 4
max_attempts = 8
chunk = 20
"""
"""Goes on in [transcode]."""


@pytest.fixture(scope="module")
def hasty_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    data = tmp_path_factory.mktemp("work") / "data"
    try:
        yield start(data, configuration=LITTLE)
    finally:
        vidmesh("down", "--data", str(data))


@pytest.fixture(scope="module")
def somebody_there(hasty_stack: Stack) -> Iterator[Person]:
    person = somebody(hasty_stack)
    yield person
    person.edge.close()


def test_a_file_that_takes_too_much_work_fails_with_a_sentence_and_is_kept(
    hasty_stack: Stack, somebody_there: Person, tmp_path: Path
) -> None:
    worker = hasty_stack.part("worker-1")["pid"]
    path = tmp_path / "busy.mp4"
    path.write_bytes(busy_pictures(450, 1920, 1072))
    created = sent(somebody_there, path, "Busy")

    now = end(somebody_there, created["video"]["video_id"], 400)

    assert now["state"] == "PROCESSING_STATE_FAILED"
    assert now["failure_reason"] == f"FAILURE_REASON_{TOO_DEMANDING}"
    assert now["failure_message"] == SPENT[Spent.WORK]
    assert sum(sizes(hasty_stack, f"u/{created['upload']['upload_id']}/")) == path.stat().st_size
    assert children(worker) == []
    assert hasty_stack.part("worker-1")["pid"] == worker


def test_an_ordinary_one_becomes_a_video_there(somebody_there: Person, tmp_path: Path) -> None:
    path = tmp_path / "ordinary.mp4"
    path.write_bytes(video())
    assert upload(somebody_there, path)

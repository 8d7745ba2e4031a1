"""Jobs that kill whoever does them, each time.

Invariants: attempts are counted, whoever dies; after so many the job is a dead letter with its reason, and the video
FAILED with a sentence, within the time that docs/durability.md states; the source stays; other videos are processed
meanwhile; once the poison is gone, RetryProcessing makes of it what there is to make.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mesh.bus.jobs import JOB_ACK_WAIT
from mesh.local.backoff import LONGEST_DELAY
from svc_transcode.processing.domain import PROCESSING_FAILED
from tests.e2e.chaos.clips import clip
from tests.e2e.hardship.poison import WORKER, dead_letters, poison
from tests.e2e.people import Person, somebody
from tests.e2e.stacks import StartStack
from tests.e2e.uploading import begin, processing, send, wait_for

ATTEMPTS = 2
RUNS = 10.0
"""Seconds that an attempt may take until it kills, on a machine that does other things too."""
BOUND = ATTEMPTS * (RUNS + JOB_ACK_WAIT.total_seconds() + LONGEST_DELAY)
"""docs/durability.md, with the time that the supervisor takes to start the worker again."""

CONFIGURATION = f"""\
# The table [transcode] goes on.
max_attempts = {ATTEMPTS}
"""

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip(tmp_path_factory.mktemp("files") / "clip.mp4")


def _complete(person: Person, file: Path, title: str) -> str:
    created = begin(person, file, title)
    send(person, file, created["upload"])
    person.post(f"/v1/uploads/{created['upload']['upload_id']}:complete", {}).raise_for_status()
    return str(created["video"]["video_id"])


@pytest.mark.timeout(240)
def test_a_job_that_kills_whoever_does_it_is_given_up_in_time_and_holds_nobody_up(
    start_stack: StartStack, file: Path
) -> None:
    stack = start_stack(configuration=CONFIGURATION)
    person = somebody(stack)
    with poison(stack) as killer:
        created = {title: begin(person, file, title) for title in ("kills the worker", "kills the child")}
        killer.victims = {
            created["kills the worker"]["video"]["video_id"]: "worker",
            created["kills the child"]["video"]["video_id"]: "child",
        }
        for one in created.values():
            send(person, file, one["upload"])
        began = time.monotonic()
        for one in created.values():
            person.post(f"/v1/uploads/{one['upload']['upload_id']}:complete", {}).raise_for_status()
        healthy = _complete(person, file, "harmless")
        wait_for(person, healthy, "PROCESSED", BOUND)
        for video_id in killer.victims:
            failed = wait_for(person, video_id, "FAILED", BOUND - (time.monotonic() - began))
            assert failed["failure_reason"] == "FAILURE_REASON_PROCESSING"
            assert failed["failure_message"] == PROCESSING_FAILED.sentence
            video = person.get(f"/v1/videos/{video_id}").raise_for_status().json()["video"]
            assert video["processing_state"] == "PROCESSING_STATE_FAILED"
        poisoned = dict(killer.victims)
        assert sorted(killer.kills) == sorted(f"{video_id}~p-r1~1" for video_id in poisoned for _ in range(ATTEMPTS))

    letters = {letter.job.video_id: letter for letter in dead_letters(stack)}
    assert letters.keys() == poisoned.keys()
    assert {letter.attempts for letter in letters.values()} == {ATTEMPTS}
    reasons = {victim: letters[video_id].reason for video_id, victim in poisoned.items()}
    assert reasons["worker"] == "every attempt ended without an answer"
    assert reasons["child"].startswith("ChildCrashed")

    stack.wait_restarted(WORKER, ATTEMPTS)
    for video_id in poisoned:
        person.post(f"/v1/videos/{video_id}/processing:retry", {}).raise_for_status()
    for video_id in poisoned:
        wait_for(person, video_id, "PROCESSED", 60)
        assert [made["state"] for made in processing(person, video_id)["renditions"]] == [
            "RENDITION_STATE_PUBLISHED"
        ] * 2
    assert len(dead_letters(stack)) == len(poisoned)
    person.edge.close()

"""The work of a real stack, by the command of those who run it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from mesh.bus import JobQueue, connect_bus
from mesh.config import load_settings
from tests.e2e.patience import eventually
from tests.e2e.people import CLIP, PASSWORD
from tests.e2e.stacks import Stack
from vidmesh.transcode.v1.transcode_events_pb2 import TranscodeJob


def told(stack: Stack, *words: str) -> Any:
    """What a command prints with --json."""
    done = stack.vidmesh(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def bury(stack: Stack, job_id: str, video_id: str) -> None:
    """A job is given up: as a worker would say it, on the stack's own bus."""
    settings = load_settings(Path(stack.data) / "run/config.toml")
    async with connect_bus(settings.bus, "test") as bus:
        queue = JobQueue(bus, TranscodeJob, max_attempts=settings.transcode.max_attempts)
        await queue.bury(TranscodeJob(job_id=job_id, video_id=video_id), job_id, 4, "ChildCrashed: by signal 9")


def idle(stack: Stack) -> bool:
    """Nothing waits and nothing is out."""
    waiting = any(line.get("waiting") for line in told(stack, "jobs", "queue")["queue"])
    return not waiting and not told(stack, "jobs", "running")["jobs"]


def test_the_administrator_sees_the_work_and_has_what_was_given_up_done_again(fresh_stack: Stack) -> None:
    stack = fresh_stack
    stack.vidmesh("signup", "--email", "you@example.org", "--password", PASSWORD, "--handle", "you")
    video_id = told(stack, "upload", str(CLIP), "--title", "Clip", "--wait", "complete")["video_id"]
    eventually(lambda: idle(stack))
    statistics = told(stack, "jobs", "queue")["statistics"]
    assert statistics["finished"] > 0
    assert stack.vidmesh("jobs", "queue").returncode == 0
    assert told(stack, "jobs", "dead") == {"dead_jobs": [], "more": False}

    job_id = f"{video_id}~v9-00000-r1~1"
    asyncio.run(bury(stack, job_id, video_id))
    (letter,) = eventually(lambda: told(stack, "jobs", "dead")["dead_jobs"])
    assert (letter["job_id"], letter["attempts"], letter["reason"]) == (job_id, 4, "ChildCrashed: by signal 9")
    shown = stack.vidmesh("jobs", "show", letter["dead_job_id"])
    assert "ChildCrashed: by signal 9" in shown.stdout
    assert told(stack, "jobs", "retry", letter["dead_job_id"])["processing"]["state"] == "PROCESSED"
    assert told(stack, "jobs", "dead")["dead_jobs"] == []
    gone = stack.vidmesh("jobs", "show", letter["dead_job_id"])
    assert (gone.returncode, gone.stdout) == (1, "")
    assert told(stack, "jobs", "running")["more"] is False

    stack.vidmesh("signup", "--email", "other@example.org", "--password", PASSWORD, "--handle", "other")
    refused = stack.vidmesh("jobs", "running")
    assert refused.returncode == 1
    assert refused.stderr

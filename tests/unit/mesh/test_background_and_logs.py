"""Work beside the calls, and what the log shows."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest
import structlog

from mesh import background
from mesh.background import Background
from mesh.tables import Unavailable


class Log:
    """Keeps what was logged."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.log: Any = structlog.wrap_logger(structlog.PrintLogger(), processors=[self._keep])

    def _keep(self, _logger: Any, _method: str, event: Any) -> Any:
        self.entries.append(dict(event))
        raise structlog.DropEvent


async def test_work_that_fails_is_logged_and_started_again_with_a_growing_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []

    async def no_sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(background.asyncio, "sleep", no_sleep)
    log, done, tried = Log(), asyncio.Event(), 0

    async def work() -> None:
        nonlocal tried
        tried += 1
        if tried < 4:
            raise RuntimeError
        done.set()

    tasks = Background(log.log)
    tasks.start(work, "relay")
    await asyncio.wait_for(done.wait(), 5)
    await tasks.close()

    assert tried == 4
    assert [entry["work"] for entry in log.entries] == ["relay"] * 3
    assert pauses[0] < pauses[1] < pauses[2]
    assert pauses[0] == pytest.approx(0.2, rel=0.3)


async def test_work_that_something_is_away_for_is_started_again_within_seconds_and_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []

    async def no_sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(background.asyncio, "sleep", no_sleep)
    log, done = Log(), asyncio.Event()

    async def work() -> None:
        if len(pauses) < 20:
            raise Unavailable("the cluster is away")
        done.set()

    tasks = Background(log.log)
    tasks.start(work, "relay")
    await asyncio.wait_for(done.wait(), 5)
    await tasks.close()

    assert max(pauses) <= 2.5
    assert {entry["cause"] for entry in log.entries} == {"the cluster is away"}
    assert not any("exc_info" in entry for entry in log.entries)


async def test_work_is_cancelled_at_the_end_and_waited_for() -> None:
    steps: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            steps.append("tidied up")

    tasks = Background(Log().log)
    tasks.start(work, "consumer")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await tasks.close()

    assert steps == ["tidied up"]


PROGRAM = """
import logging, sys
from mesh.config import LogSettings
from mesh.logs import set_up_logs
log = set_up_logs(LogSettings(level="info", format=sys.argv[1]), "svc_social")
log.debug("hidden")
log.info("shown", number=1)
logging.getLogger("nats").warning("from a library")
try:
    password = "hunter2"
    int("x")
except ValueError:
    log.exception("failed")
"""


def logged(style: str) -> str:
    shown = subprocess.run([sys.executable, "-c", PROGRAM, style], capture_output=True, text=True, check=True)
    assert shown.stdout == ""
    return shown.stderr


def test_json_logs_are_one_object_a_line_of_libraries_too() -> None:
    entries = [json.loads(line) for line in logged("json").splitlines()]

    assert [(one["event"], one["level"]) for one in entries] == [
        ("shown", "info"),
        ("from a library", "warning"),
        ("failed", "error"),
    ]
    assert (entries[0]["service"], entries[0]["number"]) == ("svc_social", 1)
    assert entries[1]["logger"] == "nats"
    assert "ValueError" in entries[2]["exception"]


def test_logs_for_people_show_no_local_variables() -> None:
    shown = logged("console")

    assert "ValueError" in shown
    assert "hunter2" not in shown
    assert "hidden" not in shown

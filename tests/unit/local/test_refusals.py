"""What the log of the bus tells about writes that were refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesh.local import refusals
from mesh.local.part import NotReady
from mesh.local.refusals import Refusals

REFUSED = "[ERR] JetStream failed to store a msg on stream '$G > JOBS': write 1.blk: no space left on device\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "bus.log"


def put_aside(log: Path) -> None:
    log.rename(log.with_name("bus.log.1"))


def say(log: Path, line: str) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(line)


async def test_a_bus_is_fit_until_it_refuses_a_write(log: Path) -> None:
    bus = Refusals(log, log.parent)
    await bus.forget()
    await bus.none()
    say(log, "[INF] Server is ready\n")
    await bus.none()
    say(log, REFUSED)
    for _ in range(2):
        with pytest.raises(NotReady, match="takes nothing more"):
            await bus.none()


async def test_refusals_before_the_start_are_forgotten(log: Path) -> None:
    bus = Refusals(log, log.parent)
    say(log, REFUSED)
    await bus.forget()
    await bus.none()


async def test_nothing_is_started_again_before_there_is_room(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Refusals(log, log.parent)
    await bus.forget()
    say(log, REFUSED)
    monkeypatch.setattr(refusals, "ROOM", 1 << 60)
    await bus.none()
    monkeypatch.setattr(refusals, "ROOM", 0)
    with pytest.raises(NotReady):
        await bus.none()


async def test_a_log_that_was_put_aside_is_read_from_its_beginning(log: Path) -> None:
    say(log, "[INF] Server is ready\n" * 100)
    bus = Refusals(log, log.parent)
    await bus.forget()
    put_aside(log)
    say(log, REFUSED)
    with pytest.raises(NotReady):
        await bus.none()

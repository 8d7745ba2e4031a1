"""A part of any programme: Python's own here, so that nothing needs to be installed."""

from __future__ import annotations

import asyncio
import errno
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mesh.local.child import Child
from mesh.local.datadir import DataDir
from mesh.local.errors import StackError
from mesh.local.part import NotReady, Part, Stage
from mesh.local.supervisor import Supervisor


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    folder = DataDir(tmp_path / "data")
    folder.prepare()
    return folder


def part(program: str, name: str = "part", stage: Stage = Stage.SERVICES, needs: tuple[str, ...] = ()) -> Part:
    return Part(name=name, argv=(sys.executable, "-c", program), stage=stage, needs=needs, grace=0.5)


async def seen(look: Callable[[], bool]) -> None:
    """Waits for what another process does."""
    while not look():  # noqa: ASYNC110 - another process sets no event
        await asyncio.sleep(0.01)


def has_spoken(data: DataDir, name: str) -> bool:
    return data.log(name).exists() and data.log(name).stat().st_size > 0


def child_of(program: str, data: DataDir) -> tuple[Child, list[str]]:
    said: list[str] = []
    return Child(part(program), data, lambda: None, said.append), said


async def test_a_part_that_never_lives_is_given_up_with_the_end_of_its_log(data: DataDir) -> None:
    async def never() -> None:
        await asyncio.sleep(60)

    program = "import sys; sys.exit('no such file')"
    dying = Part(name="part", argv=(sys.executable, "-c", program), stage=Stage.SERVICES, ready=never)
    with pytest.raises(StackError, match="part cannot be started: it ended with exit code 1") as caught:
        await Child(dying, data, lambda: None, lambda _: None).run()
    assert caught.value.details[-1] == "no such file"


async def test_a_part_that_was_ready_is_started_again_with_growing_delays(data: DataDir) -> None:
    child, said = child_of("import time; time.sleep(0.1)", data)
    run = asyncio.create_task(child.run())
    await seen(lambda: child.standing.restarts == 3)
    await child.stop()
    await run
    assert [line.rpartition(" in ")[2] for line in said] == ["0.2 s", "0.4 s", "0.8 s"]
    assert child.standing.state == "stopped"


async def test_a_part_that_was_ready_for_a_while_is_started_again_at_once_each_time(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesh.local.backoff.SETTLED", 0.1)
    child, said = child_of("import time; time.sleep(0.5)", data)
    run = asyncio.create_task(child.run())
    await seen(lambda: child.standing.restarts == 3)
    await child.stop()
    await run
    assert said == ["part ended with exit code 0; starting it again at once"] * 3


async def test_what_counts_is_how_long_it_was_ready_and_not_how_long_it_lived(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesh.local.backoff.SETTLED", 0.1)
    starts: list[float] = []

    async def start() -> None:
        starts.append(time.monotonic())

    async def once() -> None:
        if len(starts) > 1:
            await asyncio.sleep(60)

    program = "import time; time.sleep(0.3)"
    dying = Part(
        name="part",
        argv=(sys.executable, "-c", program),
        stage=Stage.SERVICES,
        ready=once,
        before_start=start,
    )
    said: list[str] = []
    child = Child(dying, data, lambda: None, said.append)
    run = asyncio.create_task(child.run())
    await seen(lambda: child.standing.restarts == 4)
    await child.stop()
    await run
    assert [line.rpartition("again ")[2] for line in said] == ["at once", "in 0.2 s", "in 0.4 s", "in 0.8 s"]


async def test_a_part_that_lives_and_can_do_nothing_is_started_again(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesh.local.child.LOOK_EVERY", 0.05)
    unfit = {"looks": 0}

    async def fit() -> None:
        unfit["looks"] += 1
        if unfit["looks"] == 2:
            raise NotReady("it takes nothing more")

    part = Part(name="part", argv=(sys.executable, "-c", "import time; time.sleep(60)"), stage=Stage.SERVICES, fit=fit)
    said: list[str] = []
    child = Child(part, data, lambda: None, said.append)
    run = asyncio.create_task(child.run())
    await seen(lambda: child.standing.restarts == 1 and child.standing.state == "ready")
    await seen(lambda: unfit["looks"] == 4)
    await child.stop()
    await run
    assert said == ["part was stopped: it takes nothing more; starting it again in 0.2 s"]


async def test_a_part_that_has_no_room_to_start_is_started_when_there_is(data: DataDir) -> None:
    tries: list[float] = []

    async def prepare() -> None:
        tries.append(time.monotonic())
        if len(tries) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    program = "import time; time.sleep(0.1)"
    dying = Part(name="part", argv=(sys.executable, "-c", program), stage=Stage.SERVICES, before_start=prepare)
    said: list[str] = []
    child = Child(dying, data, lambda: None, said.append)
    run = asyncio.create_task(child.run())
    await seen(lambda: len(tries) == 3)
    await child.stop()
    await run
    assert said[1] == "part cannot be started now: [Errno 28] No space left on device; starting it again in 0.4 s"


async def test_a_part_that_does_not_end_when_asked_is_killed_after_its_grace(data: DataDir) -> None:
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    child, _ = child_of(stubborn, data)
    run = asyncio.create_task(child.run())
    await seen(lambda: has_spoken(data, "part"))
    began = time.monotonic()
    await child.stop()
    await run
    assert 0.4 < time.monotonic() - began < 3


async def test_parts_stop_in_the_order_of_their_stages(data: DataDir) -> None:
    order = data.root / "order"
    program = (
        "import signal, sys, time\n"
        "def end(*_):\n open({order!r}, 'a').write({name!r} + ' '); sys.exit(0)\n"
        "signal.signal(15, end); print('on', flush=True)\n"
        "while True: time.sleep(1)"
    )
    stages = {"foundation": Stage.FOUNDATION, "edge": Stage.EDGE, "service": Stage.SERVICES}
    parts = [part(program.format(order=str(order), name=name), name, stage) for name, stage in stages.items()]
    supervisor = Supervisor(parts, data, lambda: None, lambda _: None)
    await supervisor.start()
    await seen(lambda: all(has_spoken(data, name) for name in stages))
    await supervisor.stop()
    assert order.read_text(encoding="utf-8").split() == ["edge", "service", "foundation"]


async def test_stopping_while_a_part_waits_for_another_starts_nothing_more(data: DataDir) -> None:
    async def never() -> None:
        await asyncio.sleep(60)

    slow = Part(
        name="slow", argv=(sys.executable, "-c", "import time; time.sleep(60)"), stage=Stage.SERVICES, ready=never
    )
    parts = [slow, part("print('started')", "late", needs=("slow",))]
    supervisor = Supervisor(parts, data, lambda: None, lambda _: None)
    starting = asyncio.create_task(supervisor.start())
    await asyncio.sleep(0.3)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await supervisor.stop()
    assert not data.log("late").exists()

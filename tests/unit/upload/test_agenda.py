"""The agenda: nothing noted is forgotten, and one failure holds nothing up."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from mesh.tables import Schema, Tables, Unavailable, open_tables
from svc_upload.agenda.loop import AGAIN, do_due
from svc_upload.agenda.store import Agenda, Item
from svc_upload.agenda.tables import AGENDA, AGENDA_FLOOR, HOUR

NOW = datetime(2026, 3, 4, 5, 59, 59, tzinfo=UTC)


@pytest.fixture
async def tables(tmp_path: Path) -> AsyncGenerator[Tables]:
    async with open_tables(f"sqlite://{tmp_path}/a.db", Schema("agenda", 1, (AGENDA, AGENDA_FLOOR))) as opened:
        yield opened


@pytest.fixture
async def agenda(tables: Tables) -> Agenda:
    made = Agenda(tables)
    await made.begin(NOW)
    return made


def item(minutes: float, subject: str = "a") -> Item:
    return Item("kind", subject, NOW + timedelta(minutes=minutes))


async def due(agenda: Agenda, minutes: float) -> list[Item]:
    return [one async for one in agenda.due(NOW + timedelta(minutes=minutes))]


async def test_what_is_due_comes_oldest_first_and_not_before_its_time(agenda: Agenda) -> None:
    items = [item(0, "a"), item(0, "b"), item(30), item(600)]
    for one in reversed(items):
        await agenda.note(one)
    assert await due(agenda, -0.01) == []
    assert await due(agenda, 0) == items[:2]
    assert await due(agenda, 599) == items[:3]
    assert await due(agenda, 600) == items


async def test_what_is_left_undone_is_still_found_much_later(agenda: Agenda) -> None:
    old = item(1)
    await agenda.note(old)
    for hours in (0, 5, 50):
        assert await due(agenda, 60 * hours + 1) == [old]
    await agenda.strike(old)
    assert await due(agenda, 60 * 51) == []


async def test_hours_that_are_over_are_passed_over_and_young_ones_are_not(agenda: Agenda, tables: Tables) -> None:
    await due(agenda, 60 * 10)
    floor = HOUR.of(await tables.get(AGENDA_FLOOR, {"name": "agenda"}) or {})
    late = item(60 * 8.5)
    await agenda.note(late)
    assert await due(agenda, 60 * 10) == [late]
    await agenda.begin(NOW)
    assert HOUR.of(await tables.get(AGENDA_FLOOR, {"name": "agenda"}) or {}) == floor


@pytest.mark.parametrize(("error", "level"), [(RuntimeError(), "error"), (Unavailable("away"), "warning")])
async def test_a_handler_that_fails_is_called_again_later_and_holds_nobody_up(
    agenda: Agenda, error: Exception, level: str
) -> None:
    for subject in "abcdefgh":
        await agenda.note(item(0, subject))
    done: list[str] = []

    async def handle(one: Item, _now: datetime) -> datetime | None:
        if one.subject == "c":
            raise error
        done.append(one.subject)
        return None

    logged: list[tuple[str, str]] = []

    def keep(_logger: Any, method: str, event: Any) -> Any:
        logged.append((method, event["subject"]))
        raise structlog.DropEvent

    log = structlog.wrap_logger(structlog.PrintLogger(), processors=[keep])
    await do_due(agenda, {"kind": handle}, log, NOW)
    assert sorted(done) == list("abdefgh")
    assert logged == [(level, "c")]
    assert await due(agenda, 0) == []
    assert await due(agenda, 1) == [Item("kind", "c", NOW + AGAIN)]


async def test_a_handler_may_put_an_item_off(agenda: Agenda) -> None:
    await agenda.note(item(0))

    async def handle(_item: Item, now: datetime) -> datetime | None:
        return now + timedelta(hours=3)

    await do_due(agenda, {"kind": handle}, structlog.get_logger(), NOW)
    assert await due(agenda, 179) == []
    assert await due(agenda, 180) == [item(180)]

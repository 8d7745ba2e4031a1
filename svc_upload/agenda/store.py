"""Items of the agenda: written beside what they are about, done at least once, by any replica."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from mesh.tables import Row, Tables
from svc_upload.agenda.tables import AGENDA, AGENDA_FLOOR, DETAIL, DUE, HOUR, HOURS, KIND, SUBJECT

FLOOR: Final = {"name": "agenda"}
SETTLED: Final = timedelta(hours=2)
"""No item is written this long after it is due, so an empty hour that ended before stays empty."""
PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Item:
    """Something to do at `due` or soon after."""

    kind: str
    """Which handler."""
    subject: str
    """What it is about: an id."""
    due: datetime
    detail: str = ""
    """What the handler needs when the subject itself is not there; the handler's own format."""


class Agenda:
    """The items in the tables."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def begin(self, now: datetime) -> None:
        """To be called before the first item is ever noted; later calls change nothing."""
        await self._tables.insert(AGENDA_FLOOR, {**FLOOR, "hour": HOURS.of(now - SETTLED)})

    async def note(self, item: Item) -> None:
        """Remember an item. Writing it again is harmless, and so is one that turns out to be moot."""
        await self._tables.put(AGENDA, {**_key(item), "detail": item.detail})

    async def move(self, item: Item, due: datetime) -> None:
        """Put it off; an item that is not put off is left as it is."""
        if due > item.due:
            await self.note(replace(item, due=due))
            await self.strike(item)

    async def strike(self, item: Item) -> None:
        """It is done."""
        await self._tables.delete(AGENDA, _key(item))

    async def due(self, now: datetime) -> AsyncIterator[Item]:
        """Everything due at `now`, oldest first; hours that are over and empty are passed over from then on."""
        row = await self._tables.get(AGENDA_FLOOR, FLOOR)
        floor = HOURS.of(now - SETTLED) if row is None else HOUR.of(row)
        empty_below = floor
        for hour in range(floor, HOURS.of(now) + 1):
            found = False
            async for item in self._of_hour(hour, now):
                found = True
                yield item
            if hour == empty_below and not found and HOURS.start(hour + 1) + SETTLED <= now:
                empty_below = hour + 1
        if empty_below > floor:
            # Losing means that another replica moved it, and its next look goes on from there.
            await self._tables.update(AGENDA_FLOOR, FLOOR, {"hour": empty_below}, expect={"hour": floor})

    async def _of_hour(self, hour: int, now: datetime) -> AsyncIterator[Item]:
        cursor: bytes | None = None
        while True:
            page = await self._tables.scan(
                AGENDA, {"hour": hour}, stop=now + timedelta(microseconds=1), limit=PAGE, cursor=cursor
            )
            for row in page.rows:
                yield _item(row)
            cursor = page.cursor
            if cursor is None:
                return


def _key(item: Item) -> Row:
    return {"hour": HOURS.of(item.due), "due": item.due, "kind": item.kind, "subject": item.subject}


def _item(row: Row) -> Item:
    return Item(kind=KIND.of(row), subject=SUBJECT.of(row), due=DUE.of(row), detail=DETAIL.of(row))

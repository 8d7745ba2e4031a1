"""Does what the agenda says is due. Every replica may run it: handlers are idempotent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from svc_upload.agenda.store import Agenda, Item

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

EVERY: Final = timedelta(seconds=2)
"""Between two looks of one replica; a publish time is announced about this late."""

AGAIN: Final = timedelta(seconds=30)
"""After a failure."""

AT_ONCE: Final = 4
"""Items done at the same time by one replica."""

Handler: TypeAlias = Callable[[Item, datetime], Awaitable[datetime | None]]
"""Does an item at a time; None when it is done, or when to look again. Raising means again in half a minute."""


async def run_agenda(agenda: Agenda, handlers: Mapping[str, Handler], log: FilteringBoundLogger) -> None:
    """Look every two seconds until cancelled."""
    while True:
        await do_due(agenda, handlers, log, datetime.now(UTC))
        # Spread out, so that replicas seldom do the same item at the same moment.
        await asyncio.sleep(EVERY.total_seconds() * random.uniform(0.75, 1.25))  # noqa: S311 (no secret)


async def do_due(agenda: Agenda, handlers: Mapping[str, Handler], log: FilteringBoundLogger, now: datetime) -> None:
    """Do everything that is due at `now`, a few at a time. One item's failure does not hold up the others."""
    running: set[asyncio.Task[None]] = set()
    try:
        async for item in agenda.due(now):
            if len(running) >= AT_ONCE:
                running = await _one_done(running)
            running.add(asyncio.create_task(_do(agenda, handlers, log, item, now)))
        while running:
            running = await _one_done(running)
    finally:
        for task in running:
            task.cancel()


async def _one_done(running: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    done, left = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    return left


async def _do(
    agenda: Agenda, handlers: Mapping[str, Handler], log: FilteringBoundLogger, item: Item, now: datetime
) -> None:
    try:
        again = await handlers[item.kind](item, now)
    except Exception as error:
        facts = {"kind": item.kind, "subject": item.subject}
        if getattr(error, "retryable", False):
            log.warning("an item of the agenda has to wait", **facts, error=str(error))
        else:
            log.exception("an item of the agenda failed; it is done again", **facts)
        again = now + AGAIN
    if again is None:
        await agenda.strike(item)
    else:
        await agenda.move(item, again)

"""One at a time for a key, in the order of asking; other keys do not wait."""

from __future__ import annotations

import asyncio

from mesh.tables import Overloaded
from mesh.tables.cql_turns import Turns


async def test_callers_of_one_key_take_turns_and_others_do_not_wait() -> None:
    turns = Turns()
    seen: list[str] = []

    async def call(key: str, name: str) -> None:
        async with turns.of(key):
            seen.append(f"{name} begins")
            await asyncio.sleep(0.01)
            seen.append(f"{name} ends")

    await asyncio.gather(call("k", "first"), call("k", "second"), call("other", "third"))
    assert seen.index("first ends") < seen.index("second begins")
    assert seen.index("third begins") < seen.index("first ends")


async def test_a_caller_that_fails_or_goes_away_does_not_hold_the_turn() -> None:
    turns = Turns()
    entered = asyncio.Event()

    async def hold() -> None:
        async with turns.of("k"):
            entered.set()
            await asyncio.Event().wait()

    holding = asyncio.ensure_future(hold())
    await entered.wait()
    waiting = asyncio.ensure_future(hold())
    await asyncio.sleep(0)
    waiting.cancel()
    holding.cancel()
    await asyncio.gather(holding, waiting, return_exceptions=True)
    async with asyncio.timeout(1), turns.of("k"):
        pass


async def test_a_thousand_waiting_callers_are_enough() -> None:
    turns = Turns()

    async def call() -> None:
        async with turns.of("k"):
            await asyncio.sleep(0)

    results = await asyncio.gather(*(call() for _ in range(1100)), return_exceptions=True)
    refused = [result for result in results if result is not None]
    assert len(refused) == 99
    assert all(isinstance(result, Overloaded) for result in refused)

"""The gate admits in order, never beyond its capacity, and forgets nobody."""

from __future__ import annotations

import asyncio

import pytest

from mesh.tables import Overloaded
from mesh.tables.backpressure import Gate


async def test_work_enters_in_order_as_room_comes_free() -> None:
    gate = Gate(10)
    await gate.enter(6)
    entered: list[str] = []

    async def work(name: str, units: int) -> None:
        await gate.enter(units)
        entered.append(name)

    waiting = [asyncio.ensure_future(work(*job)) for job in (("large", 6), ("small", 1))]
    await asyncio.sleep(0)
    # The small one would fit, and must not overtake: else large work would starve.
    assert entered == []
    gate.leave(6)
    await asyncio.gather(*waiting)
    assert entered == ["large", "small"]


async def test_work_larger_than_the_gate_passes_alone() -> None:
    gate = Gate(10)
    assert await gate.enter(1000) == 10
    blocked = asyncio.ensure_future(gate.enter(1))
    await asyncio.sleep(0)
    assert not blocked.done()
    gate.leave(10)
    assert await blocked == 1


@pytest.mark.parametrize("after", [False, True], ids=["while waiting", "in the moment of being admitted"])
async def test_a_waiter_that_goes_away_leaves_no_hole(after: bool) -> None:
    gate = Gate(10)
    await gate.enter(10)
    leaving = asyncio.ensure_future(gate.enter(10))
    staying = asyncio.ensure_future(gate.enter(10))
    await asyncio.sleep(0)
    if after:
        gate.leave(10)
        leaving.cancel()
    else:
        leaving.cancel()
        await asyncio.sleep(0)
        gate.leave(10)
    async with asyncio.timeout(1):
        assert await staying == 10
    assert leaving.cancelled()


async def test_too_many_waiters_are_sent_away() -> None:
    gate = Gate(1, most_waiting=1)
    await gate.enter(1)
    waiting = asyncio.ensure_future(gate.enter(1))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded) as caught:
        await gate.enter(1)
    assert caught.value.retryable
    assert caught.value.retry_after.total_seconds() > 0
    gate.leave(1)
    await waiting

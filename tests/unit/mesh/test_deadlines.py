"""Deadlines of many blocks on one timer: as `asyncio.timeout_at` has them."""

from __future__ import annotations

import asyncio
import time

import pytest

from mesh.interceptors.deadlines import Deadlines


def after(seconds: float) -> float:
    return time.monotonic() + seconds


async def test_a_block_ends_at_its_deadline_and_not_before() -> None:
    began, limit = time.monotonic(), Deadlines().until(after(0.05))
    with pytest.raises(TimeoutError), limit:
        await asyncio.sleep(10)
    assert limit.expired
    assert 0.05 <= time.monotonic() - began < 5
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0


async def test_each_of_many_ends_at_its_own_deadline_whatever_the_order_they_began_in() -> None:
    deadlines = Deadlines()
    ended: list[float] = []

    async def block(seconds: float) -> None:
        with pytest.raises(TimeoutError), deadlines.until(after(seconds)):
            await asyncio.sleep(10)
        ended.append(seconds)

    await asyncio.gather(*(block(seconds) for seconds in (0.2, 0.05, 0.3, 0.1)))
    assert ended == [0.05, 0.1, 0.2, 0.3]


async def test_a_block_that_was_left_in_time_is_never_cancelled() -> None:
    deadlines = Deadlines()
    limits = [deadlines.until(after(0.02)) for _ in range(3)]
    for limit in limits:
        with limit:
            await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    assert not any(limit.expired for limit in limits)
    with pytest.raises(TimeoutError), deadlines.until(after(0.02)):
        await asyncio.sleep(10)


async def test_a_deadline_that_has_passed_ends_the_block_at_its_first_rest() -> None:
    with pytest.raises(TimeoutError), Deadlines().until(after(-1)):
        await asyncio.sleep(10)


async def test_without_a_deadline_there_is_no_limit() -> None:
    with Deadlines().until(None) as limit:
        await asyncio.sleep(0.01)
    assert not limit.expired


async def test_whoever_cancels_the_task_is_obeyed_and_not_taken_for_the_deadline() -> None:
    async def block() -> None:
        with Deadlines().until(after(10)):
            await asyncio.sleep(10)

    task = asyncio.create_task(block())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_a_block_raises_itself_passes_through() -> None:
    with pytest.raises(ValueError, match="its own"), Deadlines().until(after(10)):
        raise ValueError("its own")

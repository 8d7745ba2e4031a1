"""What playback remembers of its neighbours' answers."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta

import pytest

from svc_playback.playback.cache import Cache


class Source:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> int:
        self.asked += 1
        answer = self.asked
        await self.gate.wait()
        return answer


async def test_an_answer_is_asked_for_once_however_many_wait() -> None:
    cache, source = Cache[int](10, timedelta(seconds=30)), Source()
    source.gate.clear()
    waiting = [asyncio.create_task(cache.get("a", source)) for _ in range(50)]
    await asyncio.sleep(0)
    source.gate.set()
    assert await asyncio.gather(*waiting) == [1] * 50


async def test_a_caller_that_gives_up_takes_nothing_from_the_others() -> None:
    cache, source = Cache[int](10, timedelta(seconds=30)), Source()
    source.gate.clear()
    first, second = (asyncio.create_task(cache.get("a", source)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    source.gate.set()
    assert await second == 1


async def test_a_change_drops_the_answer_even_while_it_is_on_its_way() -> None:
    cache, source = Cache[int](10, timedelta(seconds=30)), Source()
    source.gate.clear()
    old = asyncio.create_task(cache.get("a", source))
    await asyncio.sleep(0)
    cache.drop("a")
    source.gate.set()
    assert await old == 1
    assert await cache.get("a", source) == 2


async def test_errors_are_not_remembered() -> None:
    cache = Cache[int](10, timedelta(seconds=30))

    async def fail() -> int:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await cache.get("a", fail)
    assert await cache.get("a", Source()) == 1


async def test_an_answer_may_ask_to_be_used_for_less_time() -> None:
    cache, source = Cache[int](10, timedelta(seconds=30)), Source()
    assert await cache.get("a", source, lambda _: 0.0) == 1
    assert await cache.get("a", source) == 2
    assert await cache.get("a", source) == 2


async def test_the_least_recently_used_goes_first() -> None:
    cache, source = Cache[int](2, timedelta(seconds=30)), Source()
    for key in ("a", "b", "a", "c"):
        await cache.get(key, source)
    assert source.asked == 3
    await cache.get("a", source)
    assert source.asked == 3
    await cache.get("b", source)
    assert source.asked == 4


async def test_an_answer_that_fails_when_everybody_has_given_up_is_no_defect() -> None:
    cache, defects = Cache[int](10, timedelta(seconds=30)), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: defects.append(context))
    gate = asyncio.Event()

    async def failing() -> int:
        await gate.wait()
        raise ValueError

    waiting = asyncio.create_task(cache.get("a", failing))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    gate.set()
    await asyncio.sleep(0.01)
    # Its traceback holds on to the answer's task.
    del waiting
    gc.collect()
    assert not defects

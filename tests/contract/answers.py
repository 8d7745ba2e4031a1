"""What contract tests ask of an answer, whichever service gives it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc.aio
import pytest

from mesh.errors import Fault
from mesh.statuses import fault_in


async def refusal(call: Awaitable[Any]) -> Fault:
    """Why a call was refused; fails where it was not, or where the answer carries no reason of ours."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    found = fault_in(caught.value)
    assert found is not None, caught.value
    return found


async def eventually(condition: Callable[[], Awaitable[Any]], seconds: float) -> Any:
    """The first true answer of `condition`, asked again and again."""
    async with asyncio.timeout(seconds):
        while not (answer := await condition()):  # noqa: ASYNC110 (what is waited for is in another process)
            await asyncio.sleep(0.02)
        return answer

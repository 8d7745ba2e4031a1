"""How many parts go at once, and how long a failed call waits."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from vidmesh.client.errors import VidmeshError
from vidmesh.client.pace import FIRST, MOST, RAISE_AFTER, Pace
from vidmesh.client.retrying import Backoff, wait_before_repeat


async def test_no_more_than_the_permits_are_under_way() -> None:
    pace, under_way, most = Pace(), 0, 0

    async def part() -> None:
        nonlocal under_way, most
        async with pace.permit():
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(part() for _ in range(20)))
    assert most == FIRST


def test_success_raises_the_permits_one_by_one_and_failure_halves_them() -> None:
    pace = Pace()
    for _ in range(RAISE_AFTER):
        pace.went_well()
    assert pace.permits == FIRST + 1
    for _ in range(RAISE_AFTER * MOST):
        pace.went_well()
    assert pace.permits == MOST
    seen: list[int] = []
    for _ in range(5):
        pace.went_badly()
        seen.append(pace.permits)
    assert seen == [4, 2, 1, 1, 1]


def failure(code: grpc.StatusCode, retry_after: float | None = None) -> VidmeshError:
    return VidmeshError(code, "", "", retry_after=retry_after)


def test_waits_double_up_to_the_most() -> None:
    backoff = Backoff(first=1.0, most=8.0)
    for failures, whole in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (9, 8.0)]:
        assert whole / 2 <= backoff.delay(failures) <= whole


def test_what_may_pass_by_itself_is_repeated_until_the_attempts_are_used_up() -> None:
    backoff = Backoff(attempts=3)
    unavailable = failure(grpc.StatusCode.UNAVAILABLE)
    assert wait_before_repeat(unavailable, 2, backoff) is not None
    assert wait_before_repeat(unavailable, 3, backoff) is None


@pytest.mark.parametrize("code", [grpc.StatusCode.NOT_FOUND, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_what_waiting_does_not_help_is_not_repeated(code: grpc.StatusCode) -> None:
    assert wait_before_repeat(failure(code), 1, Backoff()) is None


def test_an_answer_that_says_how_long_to_wait_is_obeyed_unless_that_is_too_long() -> None:
    assert wait_before_repeat(failure(grpc.StatusCode.RESOURCE_EXHAUSTED, 7.0), 1, Backoff()) == 7.0
    assert wait_before_repeat(failure(grpc.StatusCode.RESOURCE_EXHAUSTED, 600.0), 1, Backoff()) is None

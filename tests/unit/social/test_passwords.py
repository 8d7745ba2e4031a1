"""Passwords: argon2id with the parameters that RFC 9106 recommends where memory is short."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher

from mesh.errors import Fault
from svc_social.accounts.passwords import AT_ONCE, LONGEST_WAIT, MOST_WAITING, NEWEST, Passwords


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    opened = await Passwords.open()
    yield opened
    await opened.close()


async def test_the_right_password_matches_and_another_does_not(passwords: Passwords) -> None:
    kept = await passwords.hash("correct horse")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.matches(kept, "correct horse")
    assert not await passwords.matches(kept, "correct horsf")


async def test_two_ways_to_type_the_same_letter_are_one_password(passwords: Passwords) -> None:
    kept = await passwords.hash("cafe\u0301 noir")
    assert await passwords.matches(kept, "caf\u00e9 noir")


async def test_no_password_matches_an_account_that_does_not_exist(passwords: Passwords) -> None:
    assert not await passwords.matches(None, "anything at all")


async def test_a_damaged_hash_matches_nothing(passwords: Passwords) -> None:
    assert not await passwords.matches("$argon2id$nonsense", "anything at all")


async def test_a_hash_with_older_parameters_is_known_as_outdated(passwords: Passwords) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse")
    assert passwords.is_outdated(weak)
    assert await passwords.matches(weak, "correct horse")
    assert not passwords.is_outdated(await passwords.hash("correct horse"))


async def test_who_comes_when_too_many_wait_is_told_to_wait_instead_of_piling_up(passwords: Passwords) -> None:
    waiting = [asyncio.ensure_future(passwords.hash("correct horse")) for _ in range(AT_ONCE + MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Fault) as caught:
        await passwords.hash("one too many")
    assert caught.value.reason_name == "OVERLOADED"
    assert caught.value.retry_after is not None
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await passwords.matches(None, "there is room again") is False


async def test_where_hashing_is_slow_fewer_may_wait_for_their_turn_so_that_those_who_do_are_in_time() -> None:
    slow = Slow()
    passwords = Passwords(slow, "", ThreadPoolExecutor(AT_ONCE))
    slow.go.set()
    slow.seconds = LONGEST_WAIT / NEWEST / 4
    await passwords.hash("the first shows how long it takes")
    slow.go.clear()

    waiting = [asyncio.ensure_future(passwords.hash("correct horse")) for _ in range(AT_ONCE + MOST_WAITING)]
    await asyncio.sleep(0)
    slow.seconds = 0
    slow.go.set()
    hashed = [one for one in await asyncio.gather(*waiting, return_exceptions=True) if one == "hashed"]

    assert AT_ONCE + 5 <= len(hashed) <= AT_ONCE + 10
    await passwords.close()


async def test_whose_turn_does_not_come_in_time_because_hashing_became_slow_is_told_to_wait() -> None:
    slow = Slow()
    passwords = Passwords(slow, "", ThreadPoolExecutor(AT_ONCE))
    begun = [asyncio.ensure_future(passwords.hash("correct horse")) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    started = time.monotonic()

    with pytest.raises(Fault) as caught:
        await passwords.hash("nobody knew that it would take so long")

    assert caught.value.reason_name == "OVERLOADED"
    assert time.monotonic() - started >= LONGEST_WAIT
    slow.go.set()
    assert await asyncio.gather(*begun) == ["hashed"] * AT_ONCE
    assert await passwords.hash("there is room again") == "hashed"
    await passwords.close()


async def test_a_caller_who_goes_does_not_make_room_before_the_thread_has_ended() -> None:
    slow = Slow()
    passwords = Passwords(slow, "", ThreadPoolExecutor(AT_ONCE))
    begun = [asyncio.ensure_future(passwords.hash("correct horse")) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    for one in begun:
        one.cancel()
    await asyncio.gather(*begun, return_exceptions=True)

    with pytest.raises(Fault):
        await passwords.hash("both threads are still busy")

    slow.go.set()
    assert await passwords.hash("there is room again") == "hashed"
    await passwords.close()


class Slow(PasswordHasher):
    """Takes as long as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.seconds = 0.0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        time.sleep(self.seconds)
        self.go.wait()
        return "hashed"

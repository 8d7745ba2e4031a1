"""Wrong passwords have to wait, and whoever guesses cannot keep the owner out of where they are at home."""

from __future__ import annotations

import asyncio
from collections import Counter

import grpc.aio
import pytest

from mesh.errors import Fault
from mesh.statuses import fault_in
from tests.contract.answers import refusal

from .conftest import Served, place

HOME, ELSEWHERE = place("192.0.2.1"), place("198.51.100.7")


async def wrong(served: Served, handle: str, address: str = "") -> Fault:
    served.place = place(address) if address else served.place
    return await refusal(served.sign_in(handle, "wrong"))


@pytest.mark.parametrize("handle", ["ada", "nobody"], ids=["an account", "no account"])
async def test_after_some_wrong_passwords_the_next_has_to_wait_longer_each_time(served: Served, handle: str) -> None:
    await served.sign_up("ada")
    served.place = ELSEWHERE
    for _ in range(5):
        assert (await wrong(served, handle)).reason_name == "WRONG_CREDENTIALS"
    waits: list[float] = []
    for _ in range(4):
        told = await wrong(served, handle)
        assert (told.code, told.reason_name) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")
        assert told.retry_after is not None
        waits.append(told.retry_after.total_seconds())
        served.clock.advance(seconds=waits[-1])
        assert (await wrong(served, handle)).reason_name == "WRONG_CREDENTIALS"
    assert all(allowed - 0.5 < waited <= allowed for waited, allowed in zip(waits, (1, 2, 4, 8), strict=True))


async def test_while_one_has_to_wait_the_right_password_is_not_looked_at_either(served: Served) -> None:
    await served.sign_up("ada")
    served.place = ELSEWHERE
    for _ in range(5):
        await wrong(served, "ada")
    told = await refusal(served.sign_in("ada"))
    assert told.reason_name == "TOO_MANY_ATTEMPTS"
    assert told.retry_after is not None
    served.clock.advance(seconds=told.retry_after.total_seconds())
    assert (await served.sign_in("ada")).tokens.access_token


async def test_attempts_that_come_too_early_do_not_prolong_the_wait(served: Served) -> None:
    await served.sign_up("ada")
    served.place = ELSEWHERE
    for _ in range(7):
        await wrong(served, "ada")
        served.clock.advance(seconds=2)
    for _ in range(50):
        told = await wrong(served, "ada")
        if told.reason_name == "TOO_MANY_ATTEMPTS":
            assert told.retry_after is not None
            assert told.retry_after.total_seconds() <= 4


async def test_guessing_from_many_places_does_not_keep_the_owner_out_of_a_known_one(served: Served) -> None:
    served.place = HOME
    await served.sign_up("ada")
    reasons = [(await wrong(served, "ada", f"198.51.100.{number}")).reason_name for number in range(1, 30)]
    assert reasons[:10] == ["WRONG_CREDENTIALS"] * 10
    assert set(reasons[10:]) == {"TOO_MANY_ATTEMPTS"}
    served.place = HOME
    assert (await served.sign_in("ada")).tokens.access_token
    served.place = place("203.0.113.5")
    assert (await refusal(served.sign_in("ada"))).reason_name == "TOO_MANY_ATTEMPTS"


async def test_a_known_place_is_known_by_its_64_bits_and_has_limits_too(served: Served) -> None:
    served.place = place("2001:db8:1:2::1")
    await served.sign_up("ada")
    for number in range(5):
        assert (await wrong(served, "ada", f"2001:db8:1:2::{number}")).reason_name == "WRONG_CREDENTIALS"
    assert (await wrong(served, "ada", "2001:db8:1:2:ffff::1")).reason_name == "TOO_MANY_ATTEMPTS"


async def test_one_address_that_tries_many_accounts_has_to_wait_whatever_it_signs_in_to_itself(served: Served) -> None:
    served.place = HOME
    await served.sign_up("eve")
    for number in range(30):
        assert (await wrong(served, f"person{number}", "198.51.100.7")).reason_name == "WRONG_CREDENTIALS"
        if number == 15:
            # A success of the guesser's own takes back nothing but itself.
            await served.sign_in("eve")
    assert (await wrong(served, "person30")).reason_name == "TOO_MANY_ATTEMPTS"
    served.place = HOME
    assert (await wrong(served, "person31")).reason_name == "WRONG_CREDENTIALS"


async def test_a_success_begins_the_count_of_its_place_anew(served: Served) -> None:
    served.place = HOME
    await served.sign_up("ada")
    for _ in range(4):
        for _ in range(4):
            assert (await wrong(served, "ada")).reason_name == "WRONG_CREDENTIALS"
        assert (await served.sign_in("ada")).tokens.access_token


async def test_of_many_attempts_at_the_same_moment_only_so_many_are_looked_at(served: Served) -> None:
    await served.sign_up("ada")
    served.place = ELSEWHERE
    outcomes = await asyncio.gather(
        *(served.sign_in("ada", f"guess {number}") for number in range(30)), return_exceptions=True
    )
    reasons: Counter[str] = Counter()
    for one in outcomes:
        assert isinstance(one, grpc.aio.AioRpcError)
        found = fault_in(one)
        assert found is not None
        reasons[found.reason_name] += 1
    assert reasons["WRONG_CREDENTIALS"] <= 5
    assert set(reasons) <= {"WRONG_CREDENTIALS", "TOO_MANY_ATTEMPTS"}


async def test_several_right_sign_ins_at_the_same_moment_all_pass(served: Served) -> None:
    await served.sign_up("ada")
    served.place = ELSEWHERE
    answers = await asyncio.gather(*(served.sign_in("ada") for _ in range(5)))
    assert all(one.tokens.access_token for one in answers)


async def test_neither_addresses_nor_names_are_kept_where_attempts_are_counted(served: Served) -> None:
    from svc_social.guessing.tables import GUESSES, KNOWN_PLACES

    served.place = HOME
    await served.sign_up("ada")
    await wrong(served, "ada")
    for table in (GUESSES, KNOWN_PLACES):
        rows = (await served.social.tables.walk(table, limit=100)).rows
        assert rows
        assert b"ada" not in repr(rows).encode()
        assert "192.0.2.1" not in repr(rows)
    assert "192.0.2.1" not in str(served.mesh.logged)

"""How often somebody may be wrong: waits, windows, places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_social.guessing.domain import (
    ACCOUNT,
    LONGEST_WAIT,
    NETWORK,
    PAIR,
    PLACE,
    counters_of,
    network_of,
    wait_after,
    wait_left,
)

NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)
BUDGETS: Final = (PLACE, PAIR, ACCOUNT, NETWORK)


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda one: one.name)
def test_some_failures_are_free_and_then_each_doubles_the_wait_up_to_a_quarter_of_an_hour(budget: object) -> None:
    assert isinstance(budget, type(PAIR))
    waits = [wait_after(number, budget).total_seconds() for number in range(budget.free, budget.free + 12)]
    assert wait_after(budget.free - 1, budget) == timedelta(0)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda one: one.name)
def test_reading_the_newest_failures_alone_gives_the_same_wait(budget: object) -> None:
    assert isinstance(budget, type(PAIR))
    assert wait_after(budget.most, budget) == LONGEST_WAIT
    failures = [NOW - timedelta(seconds=number) for number in range(1, 200)]
    assert wait_left(failures[: budget.most], budget, NOW) == wait_left(failures, budget, NOW)


def test_the_wait_counts_from_the_last_failure() -> None:
    failures = [NOW - timedelta(seconds=10 + number) for number in range(9)]
    assert wait_left(failures, PAIR, NOW) == timedelta(seconds=6)
    assert wait_left(failures, PAIR, NOW + timedelta(seconds=6)) == timedelta(0)


def test_a_failure_is_forgotten_after_its_window() -> None:
    failures = [NOW] * 9
    assert wait_left(failures, PAIR, NOW) == timedelta(seconds=16)
    assert wait_left(failures, PAIR, NOW + PAIR.window) == timedelta(0)


@given(st.lists(st.integers(min_value=0, max_value=100_000), max_size=60))
def test_nobody_waits_longer_than_a_quarter_of_an_hour(seconds: list[int]) -> None:
    failures = [NOW - timedelta(seconds=one) for one in seconds]
    for budget in BUDGETS:
        assert timedelta(0) <= wait_left(failures, budget, NOW) <= LONGEST_WAIT


def test_at_a_known_place_nothing_counts_that_strangers_do_elsewhere() -> None:
    assert [one.budget for one in counters_of("ada@example.org", "192.0.2.1", known=True)] == [PLACE]
    assert [one.budget for one in counters_of("ada@example.org", "192.0.2.1", known=False)] == [PAIR, ACCOUNT, NETWORK]


def test_where_the_address_is_not_known_nothing_is_counted_for_everybody_together() -> None:
    assert [one.budget for one in counters_of("ada@example.org", "", known=False)] == [PAIR, ACCOUNT]
    assert counters_of("", "", known=False) == ()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("", ""),
        ("localhost", ""),
        ("192.0.2.1, 198.51.100.1", ""),
    ],
)
def test_a_network_is_an_ipv4_address_or_the_64_bits_of_an_ipv6_one(address: str, network: str) -> None:
    assert network_of(address) == network

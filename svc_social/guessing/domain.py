"""How often somebody may be wrong. Pure.

Wrong attempts are counted in several budgets at once, and the one that makes wait longest decides:

- a person at a place (the account together with the network that the call comes from);
- a network, whatever accounts it is about: who tries one password on many accounts;
- an account, from wherever: who tries many passwords from many places.

A place that the account signed in from before has one budget, and nothing else counts there. So whoever guesses from
elsewhere, from however many places, cannot keep the owner out of where they are at home. Only new places may have to
wait meanwhile.

In each budget some failures are free; then each makes wait twice as long as the one before, up to a quarter of an
hour. A failure counts for the budget's window and is forgotten after it. What is tried while one has to wait is not
looked at and does not count.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FIRST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(minutes=15)
DOUBLINGS: Final = (LONGEST_WAIT // FIRST_WAIT).bit_length()
"""After so many the longest wait is reached."""
REMEMBER_PLACE: Final = timedelta(days=90)
"""How long a place counts as known after the last sign-in from it."""
IPV6_NETWORK: Final = 64
"""Bits of an IPv6 address that say whose it is: a customer gets at least this much of them."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many failures are free, and how long each counts."""

    name: str
    free: int
    window: timedelta

    @property
    def most(self) -> int:
        """Failures beyond which no wait grows any more: so many are worth reading."""
        return self.free + DOUBLINGS


PLACE: Final = Budget("place", free=5, window=timedelta(days=1))
"""A known place of an account."""
PAIR: Final = Budget("pair", free=5, window=timedelta(days=1))
"""An account from a network that is new to it."""
ACCOUNT: Final = Budget("account", free=10, window=timedelta(days=1))
"""An account from all networks that are new to it."""
NETWORK: Final = Budget("network", free=30, window=timedelta(hours=1))
"""A network, about whatever: an office or a school behind one address has many people who mistype."""


@dataclass(frozen=True, slots=True)
class Counter:
    """What failures are counted under."""

    budget: Budget
    subject: str
    """The account's e-mail address in normal form, or empty."""
    network: str


def counters_of(subject: str, network: str, *, known: bool) -> tuple[Counter, ...]:
    """What an attempt counts in.

    `subject` is empty for codes, which are nobody's yet; `network` is empty where the client's address is not known:
    then nothing is counted by it, since it would be everybody's.
    """
    if known:
        return (Counter(PLACE, subject, network),)
    counters: list[Counter] = []
    if subject:
        counters += [Counter(PAIR, subject, network), Counter(ACCOUNT, subject, "")]
    if network:
        counters.append(Counter(NETWORK, "", network))
    return tuple(counters)


def wait_after(failures: int, budget: Budget) -> timedelta:
    """How long after the last of so many failures the next attempt is looked at."""
    if failures < budget.free:
        return timedelta(0)
    return min(FIRST_WAIT * 2 ** min(failures - budget.free, DOUBLINGS), LONGEST_WAIT)


def wait_left(failures: Sequence[datetime], budget: Budget, now: datetime) -> timedelta:
    """How long somebody who failed at these times has to wait from now on; zero where the next attempt may be."""
    counted = [time for time in failures if now - time < budget.window]
    if not counted:
        return timedelta(0)
    return max(timedelta(0), max(counted) + wait_after(len(counted), budget) - now)


def network_of(address: str) -> str:
    """Whose an IP address is: an IPv4 address itself, the /64 of an IPv6 one; empty for what is no address."""
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(parsed), IPV6_NETWORK), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)

"""Tokens are part of the stored format, so they never change."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mesh.tables.checks import KeyValues
from mesh.tables.tokens import split_tokens, token_of


@pytest.mark.parametrize(
    ("partition", "token"),
    [
        (("a",), 5592101369857394300),
        (("é", 7), 5551832817138766797),
        ((b"\x00\xff", -1, True), 4453783514825628439),
    ],
)
def test_a_token_is_what_it_always_was(partition: KeyValues, token: int) -> None:
    assert token_of(partition) == token


def test_the_parts_of_a_partition_key_do_not_run_together() -> None:
    assert token_of(("ab", "c")) != token_of(("a", "bc"))


@pytest.mark.parametrize("shares", [1, 2, 3, 7, 4096])
def test_shares_meet_and_hold_every_token(shares: int) -> None:
    ranges = split_tokens(shares)
    assert len(ranges) == shares
    assert ranges[0].start == -(2**63)
    assert ranges[-1].stop == 2**63 - 1
    assert all(one.stop == following.start for one, following in pairwise(ranges))
    widths = [share.stop - share.start for share in ranges]
    assert max(widths) - min(widths) <= 1

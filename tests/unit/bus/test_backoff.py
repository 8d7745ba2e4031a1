from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.bus import Backoff
from mesh.bus.backoff import wait_after

BACKOFF = Backoff(first=timedelta(seconds=1), most=timedelta(seconds=10))


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (1000, 10)])
def test_waits_double_up_to_the_most(failures: int, seconds: int) -> None:
    assert wait_after(failures, BACKOFF, spread=0) == timedelta(seconds=seconds)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_chance_shortens_a_wait_by_no_more_than_half(failures: int, spread: float) -> None:
    longest = wait_after(failures, BACKOFF, spread=0)
    assert longest / 2 <= wait_after(failures, BACKOFF, spread=spread) <= longest

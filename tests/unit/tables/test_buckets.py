"""Time buckets: which one holds a time, and which meet a span."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.tables import Buckets, InvalidSchema

DAYS = Buckets(timedelta(days=1))
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(TIMES, st.timedeltas(timedelta(seconds=1), timedelta(days=60)))
def test_a_bucket_holds_the_times_from_its_start_to_the_next(time: datetime, width: timedelta) -> None:
    buckets = Buckets(width)
    number = buckets.of(time)
    assert buckets.start(number) <= time < buckets.start(number + 1)


@given(TIMES, st.timedeltas(timedelta(microseconds=1), timedelta(days=90)))
def test_a_span_meets_the_buckets_of_its_times(oldest: datetime, length: timedelta) -> None:
    newest = oldest + length
    numbers = DAYS.newest_first(oldest, newest)
    assert numbers[0] == DAYS.of(newest - timedelta(microseconds=1))
    assert numbers[-1] == DAYS.of(oldest)


def test_a_span_that_ends_at_midnight_leaves_the_next_day_out() -> None:
    start = datetime(1970, 1, 3, tzinfo=UTC)
    assert list(DAYS.newest_first(start, start + timedelta(days=2))) == [3, 2]
    assert list(DAYS.newest_first(start, start)) == []
    assert list(DAYS.newest_first(start, start - timedelta(days=5))) == []


def test_buckets_have_a_width() -> None:
    with pytest.raises(InvalidSchema):
        Buckets(timedelta(0))

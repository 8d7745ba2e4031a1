"""Addresses of pictures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesh.grants import GrantSigner, picture_expiry
from mesh.keyring import KeyRing
from svc_upload.videos.domain import Still
from svc_upload.videos.pictures import Pictures

from .videos import NOW, video


@given(st.integers(0, 2**33).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_an_address_lasts_one_to_two_hours_and_ends_at_a_whole_one(now: datetime) -> None:
    end = picture_expiry(now)
    assert timedelta(hours=1) <= end - now <= timedelta(hours=2)
    assert (end.minute, end.second, end.microsecond) == (0, 0, 0)


def test_the_address_stays_the_same_within_the_hour_and_changes_with_the_epoch() -> None:
    pictures = Pictures(GrantSigner(KeyRing.generate()))
    record = video(still=Still("t/1-1/0.jpg", 640, 360))
    first = pictures.thumbnail(record, NOW)
    assert first is not None
    assert first.url.startswith("/media/~")
    assert first.url.endswith("/v/abcdefghijk/t/1-1/0.jpg")
    assert pictures.thumbnail(record, NOW + timedelta(minutes=5)) == first
    assert pictures.thumbnail(video(still=record.still, access_epoch=2), NOW) != first


def test_there_is_no_address_before_there_is_a_picture() -> None:
    assert Pictures(GrantSigner(KeyRing.generate())).thumbnail(video(), NOW) is None

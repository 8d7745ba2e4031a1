"""Our presigning and botocore's give the same signature for what both can sign."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from mesh.config import load_settings
from mesh.objects import Objects
from mesh.objects.signing import Credentials, signed_query

CREDENTIALS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
SETTINGS = load_settings().objects.model_copy(
    update={"endpoint": "http://127.0.0.1:9", "access_key": "key", "secret_key": SecretStr("secret")}
)


async def no_client() -> object:
    """Signing sends nothing."""
    raise AssertionError("a client was asked for")


def test_the_example_of_the_specification_is_signed_as_it_says() -> None:
    query = signed_query(
        CREDENTIALS,
        method="GET",
        path="/test.txt",
        headers={"host": "examplebucket.s3.amazonaws.com"},
        payload_sha256="UNSIGNED-PAYLOAD",
        now=datetime(2013, 5, 24, tzinfo=UTC),
        lifetime=timedelta(seconds=86400),
    )
    signature = parse_qs(query)["X-Amz-Signature"]
    assert signature == ["aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40))
def test_every_header_that_is_handed_out_is_signed_whatever_the_key(key: str) -> None:
    permission = Objects(no_client, SETTINGS, 1).presign_put(
        "bucket", key, size=3, sha256="00" * 32, lifetime=timedelta(minutes=1)
    )
    parts = urlsplit(permission.url)
    assert parts.path.isascii()
    assert parse_qs(parts.query)["X-Amz-SignedHeaders"] == [";".join(sorted([*permission.headers, "host"]))]


@pytest.mark.parametrize(
    ("size", "sha256", "lifetime"),
    [
        (-1, "00" * 32, timedelta(minutes=1)),
        (1, "00" * 31, timedelta(minutes=1)),
        (1, "not hex", timedelta(minutes=1)),
        (1, "00" * 32, timedelta(0)),
        (1, "00" * 32, timedelta(days=8)),
    ],
)
def test_what_no_store_would_accept_is_not_signed(size: int, sha256: str, lifetime: timedelta) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each case has its own sentence)
        Objects(no_client, SETTINGS, 1).presign_put("bucket", "key", size=size, sha256=sha256, lifetime=lifetime)


def test_the_secret_does_not_show() -> None:
    assert "wJalr" not in repr(CREDENTIALS)

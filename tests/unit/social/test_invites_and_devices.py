"""Codes of invitations, who gets in, and what a sign-in is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from mesh.errors import Fault
from mesh.ids import uuid7
from mesh.sealing import Sealer
from svc_social.accounts.devices import short_form
from svc_social.accounts.reset_codes import new_reset_code, read_reset_code
from svc_social.invites.domain import (
    InviteRecord,
    Registration,
    Way,
    is_good,
    new_code,
    read_code,
    way_in,
)

NOW: Final = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_code_reads_as_what_was_stored_of_it_and_nothing_else_does() -> None:
    text, code = new_code(uuid7())
    assert read_code(text) == code
    for wrong in ("", "x", text[:-1], text + "A", text.swapcase(), "\u2603", "A" * 43):
        assert read_code(wrong) != code


def test_a_code_is_good_for_its_own_invitation_until_it_expires() -> None:
    _, code = new_code(uuid7())
    _, other = new_code(code.invite_id)
    invite = InviteRecord(code.invite_id, code.hash, "for Ada", 1, NOW, NOW + timedelta(days=1))
    assert is_good(invite, code, NOW)
    assert not is_good(invite, other, NOW)
    assert not is_good(invite, code, NOW + timedelta(days=1))
    assert not is_good(None, code, NOW)
    assert "Ada" not in repr(invite)


@pytest.mark.parametrize(
    ("registration", "first", "code", "setup_code", "expected"),
    [
        ("open", True, "", "", Way.FIRST),
        ("closed", True, "", "", Way.FIRST),
        ("invite", True, "", "", Way.FIRST),
        ("open", True, "s3cret", "s3cret", Way.FIRST),
        ("open", True, "", "s3cret", "INVALID_INVITE"),
        ("open", True, "S3cret", "s3cret", "INVALID_INVITE"),
        ("open", True, "\u2603", "s3cret", "INVALID_INVITE"),
        ("open", False, "", "s3cret", Way.OPEN),
        ("invite", False, "s3cret", "s3cret", Way.INVITED),
        ("closed", False, "s3cret", "s3cret", "REGISTRATION_CLOSED"),
    ],
)
def test_who_gets_in(registration: Registration, first: bool, code: str, setup_code: str, expected: Way | str) -> None:
    if isinstance(expected, Way):
        assert way_in(registration, code, setup_code, first=first) is expected
        return
    with pytest.raises(Fault) as caught:
        way_in(registration, code, setup_code, first=first)
    assert caught.value.reason_name == expected


def test_a_reset_code_is_known_by_its_seal() -> None:
    sealer = Sealer("s" * 32)
    account_id = uuid7()
    code = new_reset_code(sealer, account_id)
    text = code.text
    assert read_reset_code(sealer, text) == code
    assert code.owner_id == account_id
    for wrong in ("", "x", text[:-4], new_reset_code(Sealer("t" * 32), account_id).text):
        assert read_reset_code(sealer, wrong) is None


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
            "Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0 "
            "Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0 Safari/537.36 Edg/137.0",
            "Edge on Windows",
        ),
        ("grpc-python-asyncio/1.76.0 grpc-c/51.0.0 (linux; chttp2)", "gRPC client on Linux"),
        ("curl/8.5.0", "curl"),
        ("backup-script/1.0", "backup-script"),
        ("", ""),
        ("\x07\x07/1", ""),
    ],
)
def test_a_sign_in_is_called_by_browser_and_system(user_agent: str, expected: str) -> None:
    assert short_form(user_agent) == expected
    assert len(short_form("x" * 1000)) == 60

"""Rules of accounts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from mesh.call import ANONYMOUS, Caller, Principal
from mesh.errors import Fault
from svc_social.accounts.domain import AccountRecord, account_message, has_name, sees_private, updated
from svc_social.accounts.first_channel import first_channel_of
from svc_social.claims.domain import email_claim, handle_claim
from svc_social.fields import etag_of
from vidmesh.social.v1.account_pb2 import Account, Role
from vidmesh.social.v1.account_service_pb2 import UpdateAccountRequest

ADA = AccountRecord(
    account_id="01-ada",
    username="ada",
    display_name="Ada",
    email="ada@example.org",
    password_hash="$argon2id$hash",
    role=Role.ROLE_MEMBER,
    first_channel_id="02-channel",
    request_digest=b"digest",
    create_time=datetime(2026, 1, 2, tzinfo=UTC),
)


def caller(account_id: str, role: Role.ValueType = Role.ROLE_MEMBER) -> Caller:
    return Caller(user=Principal(account_id, "session", role))


def update(account: Account, *paths: str) -> UpdateAccountRequest:
    return UpdateAccountRequest(account=account, update_mask=FieldMask(paths=paths))


def test_private_fields_are_shown_to_the_account_itself_and_to_administrators_only() -> None:
    assert sees_private(caller("01-ada"), "01-ada")
    assert sees_private(caller("other", Role.ROLE_ADMINISTRATOR), "01-ada")
    assert not sees_private(caller("other"), "01-ada")
    assert not sees_private(ANONYMOUS, "01-ada")
    assert not sees_private(Caller(service="svc_upload"), "01-ada")


def test_the_address_is_the_private_field() -> None:
    assert account_message(ADA, private=True).email == "ada@example.org"
    assert not account_message(ADA, private=False).email


def test_no_message_and_no_log_line_holds_the_hash() -> None:
    assert "argon2" not in str(account_message(ADA, private=True))
    assert "argon2" not in repr(ADA)
    assert "example.org" not in repr(ADA)


def test_an_account_holds_its_own_names_and_no_others() -> None:
    assert has_name(ADA, email_claim("ADA@example.org"))
    assert has_name(ADA, handle_claim("@Ada"))
    assert not has_name(ADA, email_claim("eve@example.org"))
    assert not has_name(ADA, handle_claim("eve"))


def test_without_a_mask_an_update_changes_what_is_not_empty() -> None:
    after = updated(ADA, UpdateAccountRequest(account=Account(avatar_url="https://example.org/a.png")))
    assert after.avatar_url == "https://example.org/a.png"
    assert after.display_name == "Ada"
    assert after.generation == 2


def test_a_mask_says_what_to_clear_and_a_cleared_name_shows_the_username() -> None:
    assert updated(ADA, update(Account(), "display_name")).display_name == "ada"


def test_a_star_means_every_field_that_can_change() -> None:
    after = updated(ADA, update(Account(display_name="A. L."), "*"))
    assert (after.display_name, after.avatar_url) == ("A. L.", "")


@pytest.mark.parametrize("path", ["email", "role", "verified", "account_id", "nonsense"])
def test_other_fields_cannot_be_changed(path: str) -> None:
    with pytest.raises(Fault, match="cannot be changed") as caught:
        updated(ADA, update(Account(role=Role.ROLE_ADMINISTRATOR), path))
    assert caught.value.reason_name == "INVALID_FIELD"


def test_an_update_of_what_has_changed_since_is_refused() -> None:
    with pytest.raises(Fault) as caught:
        updated(ADA, update(Account(display_name="New", etag=etag_of(7)), "display_name"))
    assert caught.value.reason_name == "ETAG_MISMATCH"
    assert updated(ADA, update(Account(display_name="New", etag=etag_of(1)), "display_name")).generation == 2


def test_repeating_an_update_that_was_applied_is_harmless_even_with_the_old_etag() -> None:
    request = update(Account(display_name="New", etag=etag_of(1)), "display_name")
    after = updated(ADA, request)
    assert updated(after, request) is after


def test_the_first_channel_has_the_accounts_name_and_is_always_the_same() -> None:
    channel = first_channel_of(ADA)
    assert channel == first_channel_of(ADA)
    assert (channel.channel_id, channel.handle, channel.owner_account_id) == ("02-channel", "ada", "01-ada")

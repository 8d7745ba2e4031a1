"""Reading, changing and exporting accounts."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tests.contract.answers import refusal
from vidmesh.social.v1.account_pb2 import Account, Role
from vidmesh.social.v1.account_service_pb2 import (
    ExportAccountsRequest,
    GetAccountRequest,
    SignUpRequest,
    UpdateAccountRequest,
)

from .conftest import PASSWORD, Served, signed_in


async def test_others_see_an_account_without_its_address(served: Served) -> None:
    administrator = await served.sign_up("root")
    ada = await served.sign_up("ada")
    eve = await served.sign_up("eve")
    request = GetAccountRequest(account_id=ada.account.account_id)

    assert (await served.accounts.GetAccount(request)).account.email == ""
    assert (await served.accounts.GetAccount(request, metadata=signed_in(eve))).account.email == ""
    assert (await served.accounts.GetAccount(request, metadata=served.service())).account.email == ""
    assert (await served.accounts.GetAccount(request, metadata=signed_in(ada))).account.email == "ada@example.org"
    shown = (await served.accounts.GetAccount(request, metadata=signed_in(administrator))).account
    assert shown.email == "ada@example.org"


async def test_me_is_nobody_without_signing_in(served: Served) -> None:
    fault = await refusal(served.accounts.GetAccount(GetAccountRequest(account_id="me")))
    assert fault.reason_name == "SIGN_IN_REQUIRED"


@pytest.mark.parametrize("account_id", ["0199f5e4-8d5c-7c3a-9a53-2f1f6a3f2b10", "nonsense", "\u2603"])
async def test_an_account_that_does_not_exist_is_not_found(served: Served, account_id: str) -> None:
    fault = await refusal(served.accounts.GetAccount(GetAccountRequest(account_id=account_id)))
    assert fault.reason_name == "ACCOUNT_NOT_FOUND"


async def test_the_callers_own_account_changes_and_its_etag_with_it(served: Served) -> None:
    ada = await served.sign_up("ada")
    request = UpdateAccountRequest(
        account=Account(display_name="Ada Lovelace", etag=ada.account.etag),
        update_mask=FieldMask(paths=["display_name"]),
    )
    changed = (await served.accounts.UpdateAccount(request, metadata=signed_in(ada))).account
    assert changed.display_name == "Ada Lovelace"
    assert changed.etag != ada.account.etag

    repeated = (await served.accounts.UpdateAccount(request, metadata=signed_in(ada))).account
    assert repeated == changed
    request.account.display_name = "Somebody else"
    fault = await refusal(served.accounts.UpdateAccount(request, metadata=signed_in(ada)))
    assert fault.reason_name == "ETAG_MISMATCH"


async def test_nobody_makes_themselves_administrator(served: Served) -> None:
    await served.sign_up("root")
    eve = await served.sign_up("eve")
    grab = Account(account_id=eve.account.account_id, role=Role.ROLE_ADMINISTRATOR, verified=True)
    for paths in (["role"], ["verified"]):
        request = UpdateAccountRequest(account=grab, update_mask=FieldMask(paths=paths))
        fault = await refusal(served.accounts.UpdateAccount(request, metadata=signed_in(eve)))
        assert fault.reason_name == "INVALID_FIELD"
    everything = UpdateAccountRequest(account=grab, update_mask=FieldMask(paths=["*"]))
    after = (await served.accounts.UpdateAccount(everything, metadata=signed_in(eve))).account
    assert (after.role, after.verified) == (Role.ROLE_MEMBER, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("password", "short"),
        ("handle", "-ada"),
        ("handle", "ad"),
        ("display_name", "x" * 61),
        ("display_name", "two\nlines"),
        ("request_id", "not a uuid"),
    ],
)
async def test_what_does_not_fit_is_named_by_its_field(served: Served, field: str, value: str) -> None:
    fields: dict[str, Any] = {"email": "ada@example.org", "password": PASSWORD, "handle": "ada"} | {field: value}
    fault = await refusal(served.accounts.SignUp(SignUpRequest(**fields)))
    assert [violation.field for violation in fault.violations] == [field]


async def test_the_export_gives_every_account_and_resumes_behind_a_cursor(served: Served) -> None:
    made = {(await served.sign_up()).account.account_id for _ in range(3)}
    answers = [one async for one in served.accounts.ExportAccounts(ExportAccountsRequest(), metadata=served.service())]
    assert {one.account.account_id for one in answers} == made
    assert all(one.account.email for one in answers)
    resumed = ExportAccountsRequest(cursor=answers[0].cursor)
    again = [one async for one in served.accounts.ExportAccounts(resumed, metadata=served.service())]
    assert {one.account.account_id for one in answers[1:]} <= {one.account.account_id for one in again}


async def test_a_cursor_of_another_stream_is_refused(served: Served) -> None:
    async def read() -> None:
        async for _ in served.accounts.ExportAccounts(
            ExportAccountsRequest(cursor=b"nonsense"), metadata=served.service()
        ):
            pass

    assert (await refusal(read())).reason_name == "INVALID_CURSOR"


async def test_the_export_is_for_services_only(served: Served) -> None:
    administrator = await served.sign_up()

    async def read() -> None:
        async for _ in served.accounts.ExportAccounts(ExportAccountsRequest(), metadata=signed_in(administrator)):
            pass

    assert (await refusal(read())).code is grpc.StatusCode.PERMISSION_DENIED

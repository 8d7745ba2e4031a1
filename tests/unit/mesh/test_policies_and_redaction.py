"""Policies read from the contracts, and messages without their secrets."""

from __future__ import annotations

from datetime import timedelta

from mesh.policy import all_methods, descriptor_set, policy_of
from mesh.redaction import redact
from vidmesh.options.v1.options_pb2 import Access, RateClass
from vidmesh.social.v1.account_pb2 import Account, Tokens
from vidmesh.social.v1.account_service_pb2 import SignInResponse, SignUpRequest


def test_every_method_of_every_contract_states_a_policy() -> None:
    assert len(all_methods()) > 30
    assert [method.name for method in all_methods().values() if method.policy is None] == []


def test_a_policy_says_what_the_contract_says() -> None:
    policy = policy_of("/vidmesh.social.v1.AccountService/SignUp")

    assert policy is not None
    assert policy.access == Access.ACCESS_PUBLIC
    assert policy.rate_class == RateClass.RATE_CLASS_AUTH
    assert not policy.idempotent
    assert policy.timeout == timedelta(seconds=10)


def test_a_stream_has_no_limit_of_time_unless_it_states_one() -> None:
    export = all_methods()["/vidmesh.social.v1.AccountService/ExportAccounts"]

    assert export.server_streaming
    assert export.policy is not None
    assert export.policy.timeout is None
    assert export.output_type == "vidmesh.social.v1.ExportAccountsResponse"


def test_a_method_that_no_contract_knows_has_no_policy() -> None:
    assert policy_of("/vidmesh.social.v1.AccountService/Invented") is None
    assert policy_of("") is None


def test_the_descriptor_set_is_whole() -> None:
    files = {file.name for file in descriptor_set().file}

    assert {dependency for file in descriptor_set().file for dependency in file.dependency} <= files


def test_secrets_are_hidden_at_any_depth_and_nothing_else_is() -> None:
    message = SignInResponse(
        account=Account(account_id="a", email="ann@example.org"),
        tokens=Tokens(access_token="AAA", refresh_token="BBB"),
    )

    shown = redact(message)

    assert (shown.tokens.access_token, shown.tokens.refresh_token) == ("(secret)", "(secret)")
    assert shown.account == message.account
    assert message.tokens.access_token == "AAA"


def test_an_empty_secret_stays_empty() -> None:
    assert redact(SignUpRequest(handle="ann")) == SignUpRequest(handle="ann")
    assert redact(SignUpRequest(password="hunter2hunter2")).password == "(secret)"

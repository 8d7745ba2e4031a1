"""Sign-ins renew themselves, once for all who share them."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from pathlib import Path

import grpc
import pytest

from vidmesh.client.auth import Authenticator
from vidmesh.client.errors import ClientError, VidmeshError
from vidmesh.client.policies import rules_of_contracts
from vidmesh.client.tokens import ApiTokenStore, FileTokenStore, SignIn
from vidmesh.social.v1.account_pb2 import Tokens


class Issuer:
    """Takes each refresh token once."""

    def __init__(self) -> None:
        self.good = "refresh-0"
        self.exchanged = 0

    async def exchange(self, token: str) -> Tokens:
        await asyncio.sleep(0.01)
        if token != self.good:
            raise VidmeshError(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN", "Used before.")
        self.exchanged += 1
        self.good = f"refresh-{self.exchanged}"
        tokens = Tokens(access_token=f"access-{self.exchanged}", refresh_token=self.good)
        tokens.access_expire_time.FromSeconds(int(time.time()) + 900)
        tokens.refresh_expire_time.FromSeconds(int(time.time()) + 9000)
        return tokens


def sign_in(access_seconds: float) -> SignIn:
    now = time.time()
    return SignIn("account", "alice", "access-0", now + access_seconds, "refresh-0", now + 9000)


@pytest.fixture
def store(tmp_path: Path) -> FileTokenStore:
    return FileTokenStore(tmp_path / "folder" / "session.json")


async def test_nobody_signed_in_has_no_token(store: FileTokenStore) -> None:
    assert await Authenticator(store, Issuer().exchange).token() is None


async def test_a_token_that_is_good_is_used_as_it_is(store: FileTokenStore) -> None:
    issuer = Issuer()
    store.save(sign_in(900))
    assert await Authenticator(store, issuer.exchange).token() == "access-0"
    assert issuer.exchanged == 0


async def test_a_token_about_to_end_is_renewed_before(store: FileTokenStore) -> None:
    store.save(sign_in(20))
    assert await Authenticator(store, Issuer().exchange).token() == "access-1"
    kept = store.load()
    assert kept is not None
    assert (kept.username, kept.refresh_token) == ("alice", "refresh-1")


async def test_a_token_that_was_refused_is_not_given_again(store: FileTokenStore) -> None:
    store.save(sign_in(900))
    authenticator = Authenticator(store, Issuer().exchange)
    assert await authenticator.token(refused="access-0") == "access-1"
    assert await authenticator.token() == "access-1"


async def test_many_commands_at_once_exchange_the_refresh_token_once(store: FileTokenStore, tmp_path: Path) -> None:
    issuer = Issuer()
    store.save(sign_in(-5))
    same = [FileTokenStore(tmp_path / "folder" / "session.json") for _ in range(8)]
    tokens = await asyncio.gather(*(Authenticator(each, issuer.exchange).token() for each in same))
    assert set(tokens) == {"access-1"}
    assert issuer.exchanged == 1


async def test_a_sign_in_that_has_ended_is_forgotten_and_said_so(store: FileTokenStore) -> None:
    issuer = Issuer()
    issuer.good = "another"
    store.save(sign_in(-5))
    authenticator = Authenticator(store, issuer.exchange)
    with pytest.raises(VidmeshError, match="sign in again"):
        await authenticator.token()
    assert store.load() is None
    assert await authenticator.token() is None


async def test_a_failure_to_reach_the_issuer_leaves_the_sign_in_as_it_is(store: FileTokenStore) -> None:
    async def unreachable(_: str) -> Tokens:
        raise VidmeshError(grpc.StatusCode.UNAVAILABLE, "", "Nothing answers there.")

    store.save(sign_in(-5))
    with pytest.raises(VidmeshError):
        await Authenticator(store, unreachable).token()
    assert store.load() is not None


async def test_the_file_is_for_its_owner_alone(store: FileTokenStore, tmp_path: Path) -> None:
    store.save(sign_in(900))
    assert (tmp_path / "folder" / "session.json").stat().st_mode & 0o777 == 0o600
    assert "access-0" not in repr(store.load())


def api_token(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.c2lnbmF0dXJl"


async def test_an_api_token_stands_in_for_a_sign_in_and_is_never_renewed() -> None:
    issuer = Issuer()
    token = api_token(sub="account", exp=time.time() + 900)
    authenticator = Authenticator(ApiTokenStore(token), issuer.exchange)
    assert await authenticator.token() == token
    assert authenticator.signed_in is not None
    assert authenticator.signed_in.account_id == "account"
    with pytest.raises(VidmeshError, match="expired or was deleted") as caught:
        await authenticator.token(refused=token)
    assert caught.value.reason == "INVALID_TOKEN"
    with pytest.raises(ClientError, match="VIDMESH_TOKEN"):
        authenticator.remember(sign_in(900))
    assert issuer.exchanged == 0


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", api_token(sub="account"), api_token(exp="soon", sub="account")])
def test_what_is_no_api_token_is_refused_with_a_word(token: str) -> None:
    with pytest.raises(ClientError, match="vidmesh token create"):
        ApiTokenStore(token)


def test_calls_that_sign_in_send_no_token_and_calls_about_ones_own_password_do() -> None:
    rules = rules_of_contracts()
    accounts = "/vidmesh.social.v1.AccountService/"
    for method in ("SignUp", "SignIn", "Refresh", "SignOut", "ResetPassword"):
        assert rules[accounts + method].authenticates, method
    for method in ("ChangePassword", "CreateApiToken", "CreatePasswordReset", "ListSessions"):
        assert not rules[accounts + method].authenticates, method

"""Sign-ins of browsers: tokens as cookies that no script can read, which count only with the header."""

from __future__ import annotations

from typing import Any

import pytest

from mesh.cookies import CookieNames, cookie_names
from mesh.testing.serving import Metadata
from tests.contract.answers import refusal
from vidmesh.social.v1.account_service_pb2 import (
    GetAccountRequest,
    RefreshRequest,
    SignInRequest,
    SignOutRequest,
    SignUpRequest,
)
from vidmesh.social.v1.credentials_pb2 import EndSessionRequest, SignOutEverywhereRequest

from .conftest import PASSWORD, Served, bearer, session_of

CSRF: Metadata = (("x-vidmesh-csrf", "1"),)
PLAIN = cookie_names("")
SIGN_IN = SignInRequest(email="ada@example.org", password=PASSWORD, cookies=True)

HTTPS = pytest.mark.parametrize("public_url", ["https://video.example.org"], ids=["https"])


async def cookies_of(call: Any) -> dict[str, str]:
    """What the answer sets, attributes included, by name."""
    await call
    given = [value for key, value in await call.initial_metadata() if key == "set-cookie"]
    return dict(value.split("=", 1) for value in given)


def value_of(cookie: str) -> str:
    return cookie.split(";", maxsplit=1)[0]


def sent(names: CookieNames, **values: str) -> Metadata:
    """The cookie header of a browser, as the edge forwards it."""
    pairs = [f"{names.access if name == 'access' else names.refresh}={value}" for name, value in values.items()]
    return (("cookie", "; ".join(["theme=dark", *pairs])), *CSRF)


async def test_a_browser_gets_its_tokens_as_cookies_and_not_in_the_body(served: Served) -> None:
    await served.sign_up("ada")
    call = served.accounts.SignIn(SIGN_IN, metadata=CSRF)
    answer = await call
    given = await cookies_of(call)

    assert set(given) == {"vidmesh_access", "vidmesh_refresh"}
    assert (answer.tokens.access_token, answer.tokens.refresh_token) == ("", "")
    assert answer.tokens.access_expire_time.seconds < answer.tokens.refresh_expire_time.seconds
    for name, lifetime in (("vidmesh_access", 900), ("vidmesh_refresh", 2592000)):
        attributes = [part.strip() for part in given[name].split(";")[1:]]
        [age] = [int(part.removeprefix("Max-Age=")) for part in attributes if part.startswith("Max-Age=")]
        assert lifetime - 2 <= age <= lifetime
        assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(attributes)
        assert "Secure" not in attributes
        assert not any(part.lower().startswith("domain") for part in attributes)
    mine = await served.accounts.GetAccount(
        GetAccountRequest(account_id="me"), metadata=bearer(value_of(given["vidmesh_access"]))
    )
    assert mine.account.username == "ada"


@HTTPS
async def test_by_https_the_cookies_are_secure_and_of_this_host_alone(served: Served) -> None:
    request = SignUpRequest(email="ada@example.org", password=PASSWORD, handle="ada", cookies=True)
    given = await cookies_of(served.accounts.SignUp(request, metadata=CSRF))
    assert set(given) == {"__Host-vidmesh_access", "__Host-vidmesh_refresh"}
    assert all(value.endswith("; Secure") for value in given.values())


async def test_cookies_are_not_given_without_the_header(served: Served) -> None:
    await served.sign_up("ada")
    told = await refusal(served.accounts.SignIn(SIGN_IN))
    assert [violation.field for violation in told.violations] == ["cookies"]
    assert "x-vidmesh-csrf" in told.sentence


async def test_a_refresh_by_cookie_gives_new_cookies(served: Served) -> None:
    await served.sign_up("ada")
    first = await cookies_of(served.accounts.SignIn(SIGN_IN, metadata=CSRF))
    old = value_of(first["vidmesh_refresh"])
    call = served.accounts.Refresh(RefreshRequest(), metadata=sent(PLAIN, refresh=old))
    assert (await call).tokens.refresh_token == ""
    new = value_of((await cookies_of(call))["vidmesh_refresh"])
    assert new not in ("", old)
    again = served.accounts.Refresh(RefreshRequest(), metadata=sent(PLAIN, refresh=new))
    assert value_of((await cookies_of(again))["vidmesh_access"])


async def test_a_refresh_cookie_without_the_header_does_not_count(served: Served) -> None:
    await served.sign_up("ada")
    given = await cookies_of(served.accounts.SignIn(SIGN_IN, metadata=CSRF))
    cookie, *_ = sent(PLAIN, refresh=value_of(given["vidmesh_refresh"]))
    assert (await refusal(served.accounts.Refresh(RefreshRequest(), metadata=(cookie,)))).reason_name == (
        "INVALID_REFRESH_TOKEN"
    )
    told = await refusal(served.accounts.SignOut(SignOutRequest(), metadata=(cookie,)))
    assert "x-vidmesh-csrf" in told.sentence


async def test_a_refresh_token_in_the_body_goes_before_the_cookie_and_is_answered_in_the_body(served: Served) -> None:
    ada = await served.sign_up("ada")
    request = RefreshRequest(refresh_token=ada.tokens.refresh_token)
    call = served.accounts.Refresh(request, metadata=sent(PLAIN, refresh="invented"))
    assert (await call).tokens.refresh_token
    assert await cookies_of(call) == {}


async def test_signing_out_by_cookie_ends_the_sign_in_and_takes_the_cookies_away(served: Served) -> None:
    await served.sign_up("ada")
    given = await cookies_of(served.accounts.SignIn(SIGN_IN, metadata=CSRF))
    metadata = sent(PLAIN, refresh=value_of(given["vidmesh_refresh"]))
    taken = await cookies_of(served.accounts.SignOut(SignOutRequest(), metadata=metadata))
    assert {name: value_of(value) for name, value in taken.items()} == {"vidmesh_access": "", "vidmesh_refresh": ""}
    assert all("Max-Age=0;" in value for value in taken.values())
    assert (await refusal(served.accounts.Refresh(RefreshRequest(), metadata=metadata))).reason_name == (
        "INVALID_REFRESH_TOKEN"
    )
    # Twice, and without cookies, is no error.
    await served.accounts.SignOut(SignOutRequest(), metadata=metadata)
    await served.accounts.SignOut(SignOutRequest(), metadata=CSRF)


async def test_ending_the_current_sign_in_takes_the_cookies_away(served: Served) -> None:
    ada = await served.sign_up("ada")
    browser = sent(PLAIN, access=ada.tokens.access_token, refresh=ada.tokens.refresh_token)
    call = served.accounts.EndSession(
        EndSessionRequest(session_id=session_of(ada)), metadata=(*bearer(ada.tokens.access_token), *browser)
    )
    assert set(await cookies_of(call)) == {"vidmesh_access", "vidmesh_refresh"}
    bob = await served.sign_up("bob")
    kept = served.accounts.SignOutEverywhere(
        SignOutEverywhereRequest(keep_current=True),
        metadata=(*bearer(bob.tokens.access_token), *sent(PLAIN, access=bob.tokens.access_token)),
    )
    assert await cookies_of(kept) == {}

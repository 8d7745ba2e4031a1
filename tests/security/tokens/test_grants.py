"""A grant that nobody gave for this opens nothing, whatever kind of object is asked for."""

from __future__ import annotations

from typing import Final

import httpx
import pytest

from tests.e2e.stacks import Stack
from tests.security.matrix.media import status, token_of, with_token
from tests.security.tokens.forged import GRANTS, Good, keys

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120), pytest.mark.usefixtures("nobody_died")]

REFUSED: Final = frozenset({400, 401, 403, 414, 431})
VERBS: Final = ("PUT", "POST", "DELETE", "PATCH")


@pytest.fixture(scope="module")
def good_grant(plain_stack: Stack, addresses: dict[str, str]) -> Good:
    secrets = plain_stack.data / "secrets"
    return Good(token_of(addresses["segment"]), keys(secrets / "grant_keys.json"), keys(secrets / "access_keys.json"))


@pytest.mark.parametrize("forgery", GRANTS)
def test_a_forged_grant_opens_nothing(addresses: dict[str, str], good_grant: Good, forgery: str) -> None:
    token = GRANTS[forgery](good_grant)
    came = {kind: status(with_token(url, token)) for kind, url in addresses.items()}
    assert set(came.values()) <= REFUSED, came


def test_the_good_one_opens_everything_meanwhile(addresses: dict[str, str]) -> None:
    assert {kind: status(url) for kind, url in addresses.items()} == dict.fromkeys(addresses, 200)


@pytest.mark.parametrize("verb", VERBS)
def test_a_good_one_is_good_for_reading_alone(addresses: dict[str, str], verb: str) -> None:
    for url in addresses.values():
        assert httpx.request(verb, url, content=b"x", timeout=20).status_code in {403, 404, 405}
    assert status(addresses["segment"]) == 200

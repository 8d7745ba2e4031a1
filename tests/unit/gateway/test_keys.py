"""What edges verify with follows its owners, and outlives their outages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import structlog

from gateway.control import ControlPlane
from gateway.envoy_api import EXTENSION
from gateway.jwks import checked_jwks, nobodys_jwks
from gateway.keys import KeyWatch
from gateway.membership import EDGES, SERVICES
from gateway.nodes import Keys
from gateway.routes import route_table
from mesh.config import Settings
from mesh.keyring import KeyRing
from mesh.policy import all_methods, descriptor_set


@dataclass
class Owners:
    """Answers as it is told to."""

    access: str = "access keys"
    grants: str = "grant keys"
    taken_back: frozenset[str] = frozenset()
    signed_out: frozenset[str] = frozenset()
    failing: bool = False
    not_yet: frozenset[str] = frozenset()
    """Answers that are still to come."""
    published: list[Keys] = field(default_factory=list[Keys])
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def access_jwks(self) -> str:
        return self._answer(self.access)

    async def grant_jwks(self) -> str:
        return self._answer(self.grants)

    async def revoked(self) -> frozenset[str]:
        self._answer("revocations")
        return self.taken_back

    async def ended(self) -> frozenset[str]:
        self._answer("ended sessions")
        return self.signed_out

    def _answer(self, value: str) -> str:
        if self.failing or value in self.not_yet:
            raise ValueError("not now")
        return value

    def publish(self, keys: Keys) -> None:
        self.published.append(keys)
        self.news.set()

    async def until(self, keys: Keys) -> None:
        async with asyncio.timeout(5):
            while not self.published or self.published[-1] != keys:
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def watching(owners: Owners) -> AsyncGenerator[KeyWatch]:
    watch = KeyWatch(owners, owners.publish, structlog.get_logger())
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_everything_is_asked_at_once() -> None:
    owners = Owners(taken_back=frozenset({"a.1"}))
    async with watching(owners):
        await owners.until(Keys("access keys", "grant keys", frozenset({"a.1"})))


@pytest.mark.parametrize("late", ["access keys", "grant keys", "revocations", "ended sessions"])
async def test_nothing_is_published_before_every_owner_has_answered(late: str) -> None:
    owners = Owners(taken_back=frozenset({"a.1"}), not_yet=frozenset({late}))
    async with watching(owners):
        await asyncio.sleep(0.05)
        assert owners.published == []
        owners.not_yet = frozenset()
        await owners.until(Keys("access keys", "grant keys", frozenset({"a.1"})))
    assert len(owners.published) == 1


def test_edges_wait_for_what_they_verify_with_and_nobody_else_does(settings: Settings) -> None:
    contracts = descriptor_set()
    control = ControlPlane(settings, route_table(all_methods(), contracts), contracts, structlog.get_logger())
    assert control.holds(EDGES)
    assert not control.holds(SERVICES)
    control.learn(Keys())
    assert not control.holds(EDGES)


async def test_a_wake_brings_a_revocation_without_waiting_for_the_next_turn() -> None:
    owners = Owners()
    async with watching(owners) as watch:
        await owners.until(Keys("access keys", "grant keys"))
        owners.taken_back = frozenset({"b.2"})
        watch.wake()
        async with asyncio.timeout(0.5):
            await owners.until(Keys("access keys", "grant keys", frozenset({"b.2"})))


async def test_a_wake_brings_the_end_of_a_sign_in_without_waiting_for_the_next_turn() -> None:
    owners = Owners()
    async with watching(owners) as watch:
        await owners.until(Keys("access keys", "grant keys"))
        owners.signed_out = frozenset({"a-session"})
        watch.wake_by_ends()
        async with asyncio.timeout(0.5):
            await owners.until(Keys("access keys", "grant keys", ended=frozenset({"a-session"})))


async def test_what_is_known_outlives_an_outage() -> None:
    owners = Owners(taken_back=frozenset({"a.1"}))
    async with watching(owners) as watch:
        await owners.until(Keys("access keys", "grant keys", frozenset({"a.1"})))
        owners.failing = True
        before = len(owners.published)
        watch.wake()
        await asyncio.sleep(0.05)
        owners.failing = False
        owners.taken_back = frozenset({"a.1", "b.2"})
        await owners.until(Keys("access keys", "grant keys", frozenset({"a.1", "b.2"})))
        assert len(owners.published) == before + 1


async def test_nothing_is_published_that_has_not_changed() -> None:
    owners = Owners()
    async with watching(owners) as watch:
        await owners.until(Keys("access keys", "grant keys"))
        before = len(owners.published)
        for _ in range(3):
            watch.wake()
            await asyncio.sleep(0.01)
        assert len(owners.published) == before


def test_a_key_set_is_brought_into_one_form() -> None:
    (key,) = KeyRing.generate().public_jwks()
    other = {"kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB"}
    assert json.loads(checked_jwks(json.dumps({"keys": [other, key]}))) == {
        "keys": [{name: key[name] for name in ("kty", "crv", "x", "kid")}]
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"keys": 1}',
        '{"keys": []}',
        '{"keys": [{"kty": "RSA", "kid": "r"}]}',
        '{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "short"}]}',
        '{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k"}]}',
        '{"keys": ["a"]}',
    ],
)
def test_a_key_set_that_an_edge_could_not_use_never_reaches_one(text: str) -> None:
    with pytest.raises(ValueError, match="JWK set"):
        checked_jwks(text)


def test_without_keys_nothing_verifies_and_yet_the_set_is_good() -> None:
    assert nobodys_jwks() != nobodys_jwks()
    assert checked_jwks(nobodys_jwks())


def test_learning_changes_what_edges_are_served_and_says_so(settings: Settings) -> None:
    contracts = descriptor_set()
    control = ControlPlane(settings, route_table(all_methods(), contracts), contracts, structlog.get_logger())
    changes: list[None] = []
    control.on_change(lambda: changes.append(None))
    before = control.snapshot_of(EDGES, "fra1")
    control.learn(Keys(revoked=frozenset({"a.1"})))
    after = control.snapshot_of(EDGES, "fra1")
    assert before is not None
    assert after is not None
    assert before.of(EXTENSION).version != after.of(EXTENSION).version
    assert len(changes) == 1


def test_strangers_are_served_nothing(settings: Settings) -> None:
    contracts = descriptor_set()
    control = ControlPlane(settings, route_table(all_methods(), contracts), contracts, structlog.get_logger())
    assert control.snapshot_of("strangers", "x") is None
    assert control.snapshot_of(EDGES, "") is None
    assert control.snapshot_of(SERVICES, "") is not None


def test_the_number_of_edges_has_an_end(settings: Settings) -> None:
    contracts = descriptor_set()
    control = ControlPlane(
        settings, route_table(all_methods(), contracts), contracts, structlog.get_logger(), most_edges=3
    )
    served = [control.snapshot_of(EDGES, f"edge-{number}") is not None for number in range(5)]
    assert served == [True, True, False, False, False]

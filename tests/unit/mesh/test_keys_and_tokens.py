"""Keys on disk, the tokens that they sign, and where public keys come from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mesh import identity, service_tokens
from mesh.call import Principal
from mesh.errors import Fault
from mesh.grants import GrantScope, GrantSigner, access_key, media_url
from mesh.identity import AccessTokenSigner, AccessTokenVerifier, OwnKeys
from mesh.key_sources import FetchedKeys
from mesh.keyring import KeyFileError, KeyRing, public_keys_from
from mesh.service_tokens import ServiceTokens
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.social.v1.account_pb2 import Role

ANN = Principal("ann", "s1", Role.ROLE_ADMINISTRATOR)


def test_a_key_file_is_made_once_and_read_ever_after(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "keys.json"
    ring = KeyRing.load_or_create(path)

    assert KeyRing.load_or_create(path).signing.kid == ring.signing.kid
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_make_it_at_the_same_moment_end_with_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(KeyRing.load_or_create, [path] * 8))

    assert len({ring.signing.kid for ring in rings}) == 1


@pytest.mark.parametrize("content", ["", "{}", '{"keys": []}', '{"keys": [{"kty": "RSA"}]}', "[]", '{"keys": [{}]}'])
def test_a_file_that_holds_no_keys_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)

    with pytest.raises(KeyFileError, match=r"keys\.json"):
        KeyRing.load_or_create(path)


def test_the_public_set_holds_nothing_private_and_verifies() -> None:
    ring = KeyRing.generate()
    public = ring.public_jwks()

    assert set(public[0]) == {"kty", "crv", "alg", "use", "kid", "x"}
    assert set(public_keys_from(public)) == {ring.signing.kid}
    assert public_keys_from([{"kty": "RSA", "kid": "x"}]) == {}


async def test_after_a_rotation_the_first_key_signs_and_both_verify(tmp_path: Path) -> None:
    old, new = KeyRing.generate(), KeyRing.generate()
    both = KeyRing(new.keys + old.keys)
    verifier = AccessTokenVerifier(OwnKeys(both), "vidmesh")

    token = AccessTokenSigner(both, "vidmesh", timedelta(minutes=1)).mint(ANN)
    assert jwt.get_unverified_header(token.token)["kid"] == new.signing.kid
    assert await verifier.verify(token.token) == ANN
    assert await verifier.verify(AccessTokenSigner(old, "vidmesh", timedelta(minutes=1)).mint(ANN).token) == ANN


async def test_a_remembered_token_ends_when_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = KeyRing.generate()
    verifier = AccessTokenVerifier(OwnKeys(ring), "vidmesh")
    token = AccessTokenSigner(ring, "vidmesh", timedelta(minutes=1)).mint(ANN)
    await verifier.verify(token.token)
    assert verifier.remembered(token.token) == ANN

    later = token.expire_time.timestamp() + 1
    monkeypatch.setattr(identity.time, "time", lambda: later)

    assert verifier.remembered(token.token) is None


async def test_tokens_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "REMEMBERED", 2)
    ring = KeyRing.generate()
    verifier = AccessTokenVerifier(OwnKeys(ring), "vidmesh")
    signer = AccessTokenSigner(ring, "vidmesh", timedelta(minutes=1))
    tokens = [signer.mint(Principal(str(one), "s", Role.ROLE_MEMBER)).token for one in range(3)]
    for token in tokens:
        await verifier.verify(token)

    assert [verifier.remembered(token) is not None for token in tokens] == [False, True, True]


def test_a_service_makes_a_new_token_before_the_old_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC).timestamp()
    clock = [now]
    monkeypatch.setattr(service_tokens.time, "time", lambda: clock[0])
    tokens = ServiceTokens("s" * 32, "svc_upload")
    first = tokens.own()
    assert tokens.own() == first

    clock[0] = now + service_tokens.LIFETIME.total_seconds() / 2 + 1
    second = tokens.own()

    assert second != first
    assert ServiceTokens("s" * 32, "svc_social").verify(second) == "svc_upload"


@pytest.mark.parametrize("apart", [timedelta(minutes=-59), timedelta(minutes=59)])
def test_services_whose_clocks_are_an_hour_apart_understand_each_other_however_old_the_token(
    monkeypatch: pytest.MonkeyPatch, apart: timedelta
) -> None:
    now = [datetime.now(UTC).timestamp()]
    monkeypatch.setattr(service_tokens.time, "time", lambda: now[0])
    speaker, listener = ServiceTokens("s" * 32, "svc_upload"), ServiceTokens("s" * 32, "svc_social")
    real = datetime
    ahead = apart.total_seconds()

    class Elsewhere(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return real.fromtimestamp(now[0] + ahead, tz)

    monkeypatch.setattr(jwt.api_jwt, "datetime", Elsewhere)
    for _ in range(200):
        now[0] += 60
        token = speaker.own()
        now[0] += ahead
        assert listener.verify(token) == "svc_upload"
        now[0] -= ahead


def test_a_clock_that_is_put_back_makes_a_service_show_a_new_token(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [datetime.now(UTC).timestamp()]
    monkeypatch.setattr(service_tokens.time, "time", lambda: now[0])
    tokens = ServiceTokens("s" * 32, "svc_upload")
    first = tokens.own()
    now[0] -= 600
    second = tokens.own()
    assert second != first
    assert tokens.own() == second


def test_a_service_token_that_has_ended_says_that_clocks_may_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [datetime.now(UTC).timestamp() - service_tokens.LIFETIME.total_seconds() - 1]
    monkeypatch.setattr(service_tokens.time, "time", lambda: now[0])
    ended = ServiceTokens("s" * 32, "svc_upload").own()
    with pytest.raises(Fault) as caught:
        ServiceTokens("s" * 32, "svc_social").verify(ended)
    assert caught.value.metadata == {"access": "service", "clock": "differs"}


def test_a_short_service_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 characters"):
        ServiceTokens("short", "svc_upload")


def test_a_grant_opens_one_video_or_its_pictures() -> None:
    ring = KeyRing.generate()
    signer = GrantSigner(ring)
    expires = datetime.now(UTC) + timedelta(hours=1)
    public = ring.signing.private.public_key()

    def claims(scope: GrantScope) -> dict[str, object]:
        token = signer.mint("dQw4w9WgXcQ", 3, expires, scope)
        return jwt.decode(token, public, algorithms=["EdDSA"], issuer="vidmesh-media")

    assert claims(GrantScope.EVERYTHING) == {
        "iss": "vidmesh-media",
        "exp": int(expires.timestamp()),
        "pfx": "/media/v/dQw4w9WgXcQ/",
        "acc": "dQw4w9WgXcQ.3",
    }
    assert claims(GrantScope.PICTURES)["pfx"] == "/media/v/dQw4w9WgXcQ/t/"
    assert access_key("dQw4w9WgXcQ", 3) == "dQw4w9WgXcQ.3"
    assert media_url("https://edge/", "T", "dQw4w9WgXcQ", "m/1/master.m3u8") == (
        "https://edge/media/~T/v/dQw4w9WgXcQ/m/1/master.m3u8"
    )


@pytest.mark.parametrize("video_id", ["", "-Qw4w9WgXcQ", "dQw4w9WgXcQ/", "../../../..", "dQw4w9WgXc", "dQw4w9WgXcQ\n"])
def test_no_grant_is_made_for_what_is_not_a_video(video_id: str) -> None:
    with pytest.raises(ValueError, match="video id"):
        GrantSigner(KeyRing.generate()).mint(video_id, 1, datetime.now(UTC))


class Issuer:
    """An issuer that can be down, and counts how often it is asked."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self.asked = 0
        self.down = False
        self.clock = 1000.0

    async def __call__(self) -> Mapping[str, Ed25519PublicKey]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise OSError
        return self.ring.public_keys()


async def test_keys_are_fetched_once_for_all_who_wait_and_kept_for_minutes() -> None:
    issuer = Issuer(KeyRing.generate())
    keys = FetchedKeys(issuer, clock=lambda: issuer.clock)
    kid = issuer.ring.signing.kid

    assert None not in await asyncio.gather(*(keys.key(kid) for _ in range(10)))
    issuer.clock += 299
    await keys.key(kid)
    assert issuer.asked == 1

    issuer.clock += 2
    assert await keys.key(kid) is not None
    await asyncio.sleep(0.01)
    assert issuer.asked == 2


async def test_an_unknown_key_is_asked_for_at_most_once_a_second() -> None:
    issuer = Issuer(KeyRing.generate())
    keys = FetchedKeys(issuer, clock=lambda: issuer.clock)
    await keys.key(issuer.ring.signing.kid)

    for _ in range(5):
        assert await keys.key("invented") is None
    assert issuer.asked == 1
    issuer.clock += 1
    for _ in range(5):
        assert await keys.key("invented") is None
    assert issuer.asked == 2


async def test_known_keys_outlive_an_outage_of_the_issuer_for_a_day() -> None:
    issuer = Issuer(KeyRing.generate())
    keys = FetchedKeys(issuer, clock=lambda: issuer.clock)
    kid = issuer.ring.signing.kid
    await keys.key(kid)
    issuer.down = True

    issuer.clock += 3600
    assert await keys.key(kid) is not None
    issuer.clock += 24 * 3600
    with pytest.raises(Fault) as caught:
        await keys.key(kid)
    assert caught.value.reason == ErrorReason.ERROR_REASON_UNAVAILABLE


def test_the_key_file_is_a_jwk_set(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = KeyRing.load_or_create(path)

    [entry] = json.loads(path.read_text())["keys"]

    assert (entry["kty"], entry["crv"], entry["kid"]) == ("OKP", "Ed25519", ring.signing.kid)
    assert jwt.PyJWK.from_dict(entry).key_type == "OKP"

"""Wiring of svc_social."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from argon2 import Parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from mesh.bus.outbox import Outbox
from mesh.hosting import Hosted
from mesh.identity import AccessTokenSigner, OwnKeys
from mesh.keyring import KeyRing
from mesh.runtime import Runtime
from mesh.tables import Tables
from svc_social.accounts.events import DURABLE, AccountEvents
from svc_social.accounts.passwords import Passwords
from svc_social.accounts.service import AccountService
from svc_social.accounts.session_store import SessionStore
from svc_social.accounts.sign_ins import SignIns
from svc_social.accounts.signing_up import SignUps
from svc_social.accounts.store import AccountStore
from svc_social.accounts.tables import ACCOUNTS
from svc_social.channels.index import MembershipIndex
from svc_social.channels.making import ChannelMaker
from svc_social.channels.service import ChannelService
from svc_social.channels.store import ChannelStore
from svc_social.channels.tables import CHANNELS
from svc_social.claims.domain import OwnerKind
from svc_social.claims.store import Claims
from svc_social.tables import OUTBOX, SCHEMA
from vidmesh.social.v1.account_service_pb2 import JsonWebKey
from vidmesh.social.v1.account_service_pb2_grpc import add_AccountServiceServicer_to_server
from vidmesh.social.v1.channel_service_pb2_grpc import add_ChannelServiceServicer_to_server
from vidmesh.social.v1.social_events_pb2 import AccountCreated

IDS: Final = "svc_social ids"
"""What the key that derives ids from request ids is for."""


def utc_now() -> datetime:
    """The time on this machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Social:
    """The parts of svc_social, put together."""

    tables: Tables
    accounts: AccountStore
    channels: ChannelStore
    index: MembershipIndex
    claims: Claims
    hosted: tuple[Hosted, ...]


async def assemble(runtime: Runtime) -> Sequence[Hosted]:
    """AccountService and ChannelService on the tables and the bus of the installation."""
    return (await build(runtime)).hosted


async def build(
    runtime: Runtime, now: Callable[[], datetime] = utc_now, hashing: Parameters = RFC_9106_LOW_MEMORY
) -> Social:
    """The parts, opened and running; the runtime closes them.

    `now` is the clock that all of them go by, `hashing` what hashing a password costs.
    """
    identity = runtime.settings.identity
    ring = KeyRing.load_or_create(runtime.settings.file(identity.access_key_file))
    runtime.use_keys(OwnKeys(ring))
    tables = await runtime.tables(SCHEMA)
    bus = await runtime.bus()
    outbox = Outbox(tables, bus, hints=OUTBOX, sources=(ACCOUNTS, CHANNELS))
    runtime.background(outbox.run, "outbox")
    key = runtime.sealer.derive(IDS)

    accounts = AccountStore(tables, outbox)
    index = MembershipIndex(tables, now)
    channels = ChannelStore(tables, outbox, index)
    claims = Claims(tables, {OwnerKind.ACCOUNT: accounts, OwnerKind.CHANNEL: channels}, now)
    passwords = await Passwords.open(hashing)
    runtime.on_close(passwords.close)
    sessions = SessionStore(tables, identity.refresh_token_lifetime)
    signer = AccessTokenSigner(ring, identity.issuer, identity.access_token_lifetime)
    account_service = AccountService(
        accounts,
        channels,
        claims,
        passwords,
        SignUps(accounts, claims, passwords, key, now),
        SignIns(accounts, sessions, signer, runtime.sealer, runtime.log, now),
        [JsonWebKey(**jwk) for jwk in ring.public_jwks()],
    )
    maker = ChannelMaker(channels, claims, key, now)
    channel_service = ChannelService(channels, index, accounts, claims, maker, runtime.page_tokens, now)
    await bus.subscribe(AccountCreated, DURABLE, AccountEvents(accounts, channels).on_created)
    hosted = (
        Hosted(
            name="vidmesh.social.v1.AccountService",
            servicer=account_service,
            add=add_AccountServiceServicer_to_server,
        ),
        Hosted(
            name="vidmesh.social.v1.ChannelService",
            servicer=channel_service,
            add=add_ChannelServiceServicer_to_server,
        ),
    )
    return Social(tables, accounts, channels, index, claims, hosted)

"""Wiring of svc_social."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from argon2 import Parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from mesh.bus.outbox import Outbox
from mesh.cookies import cookie_names
from mesh.hosting import Hosted
from mesh.identity import AccessTokenSigner, OwnKeys
from mesh.runtime import Runtime
from mesh.tables import Tables
from svc_social.accounts.admission import Admission
from svc_social.accounts.browser_tokens import BrowserTokens
from svc_social.accounts.ended import EndedStore
from svc_social.accounts.endings import Endings
from svc_social.accounts.events import DURABLE, AccountEvents
from svc_social.accounts.own_sessions import OwnSessions
from svc_social.accounts.password_changes import PasswordChanges
from svc_social.accounts.passwords import Passwords
from svc_social.accounts.service import AccountService, Parts
from svc_social.accounts.session_store import SessionStore
from svc_social.accounts.sign_ins import SignIns
from svc_social.accounts.signing_in import PasswordCheck
from svc_social.accounts.signing_up import SignUps
from svc_social.accounts.store import AccountStore
from svc_social.accounts.tables import ACCOUNTS
from svc_social.api_tokens.owning import OwnTokens
from svc_social.api_tokens.store import TokenStore
from svc_social.channels.index import MembershipIndex
from svc_social.channels.making import ChannelMaker
from svc_social.channels.service import ChannelService
from svc_social.channels.store import ChannelStore
from svc_social.channels.tables import CHANNELS
from svc_social.claims.domain import OwnerKind
from svc_social.claims.store import Claims
from svc_social.guessing.guard import Guard
from svc_social.invites.inviting import Inviting
from svc_social.invites.store import InviteStore
from svc_social.tables import OUTBOX, SCHEMA
from svc_social.video_counts.events import VideoEvents
from svc_social.video_counts.rebuilding import Rebuild
from svc_social.video_counts.store import VideoCounts
from vidmesh.social.v1.account_service_pb2_grpc import add_AccountServiceServicer_to_server
from vidmesh.social.v1.channel_service_pb2_grpc import add_ChannelServiceServicer_to_server
from vidmesh.social.v1.social_events_pb2 import AccountCreated
from vidmesh.upload.v1.video_service_pb2_grpc import VideoServiceStub

IDS: Final = "svc_social ids"
"""What the key that derives ids from request ids is for."""
GUESSES: Final = "svc_social guesses"
"""What the key that hides whose wrong passwords are counted is for."""


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
    video_counts: VideoCounts
    claims: Claims
    invites: InviteStore
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
    keys = runtime.key_file(runtime.settings.file(identity.access_key_file))
    runtime.use_keys(OwnKeys(keys))
    tables = await runtime.tables(SCHEMA)
    bus = await runtime.bus()
    outbox = Outbox(tables, bus, hints=OUTBOX, sources=(ACCOUNTS, CHANNELS))
    runtime.background(outbox.run, "outbox")
    key = runtime.sealer.derive(IDS)

    accounts = AccountStore(tables, outbox)
    index = MembershipIndex(tables, now)
    channels = ChannelStore(tables, outbox, index)
    video_counts = VideoCounts(tables)
    claims = Claims(tables, {OwnerKind.ACCOUNT: accounts, OwnerKind.CHANNEL: channels}, now)
    passwords = await Passwords.open(hashing)
    runtime.on_close(passwords.close)
    sessions = SessionStore(tables, identity.refresh_token_lifetime, now)
    tokens = TokenStore(tables)
    ended = EndedStore(tables)
    endings = Endings(sessions, tokens, ended, bus, runtime.log, identity.access_token_lifetime, now)
    signer = AccessTokenSigner(keys, identity.issuer, identity.access_token_lifetime)
    sign_ins = SignIns(accounts, sessions, endings, signer, runtime.sealer, runtime.log, now)
    guard = Guard(tables, runtime.sealer.derive(GUESSES), now)
    invites = InviteStore(tables, accounts, now)
    admission = Admission(identity, accounts, claims, invites, guard)
    pages = runtime.page_tokens
    account_service = AccountService(
        Parts(
            accounts=accounts,
            channels=channels,
            video_counts=video_counts,
            guard=guard,
            admission=admission,
            sign_ups=SignUps(accounts, claims, admission, passwords, key, now),
            password_check=PasswordCheck(accounts, claims, passwords, guard),
            sign_ins=sign_ins,
            browser=BrowserTokens(cookie_names(runtime.settings.edge.public_url)),
            passwords=PasswordChanges(accounts, passwords, guard, sign_ins, endings, runtime.sealer, now),
            sessions=OwnSessions(accounts, sessions, ended, endings, sign_ins, pages),
            tokens=OwnTokens(tokens, sign_ins, ended, endings, signer, pages, now),
            invites=Inviting(invites, pages, now),
            keys=keys,
            now=now,
        )
    )
    maker = ChannelMaker(channels, claims, key, now)
    channel_service = ChannelService(channels, index, accounts, claims, maker, video_counts, runtime.page_tokens, now)
    videos = VideoServiceStub(runtime.channel("svc_upload"))
    await VideoEvents(video_counts, videos).subscribe(bus)
    runtime.background(Rebuild(video_counts, videos).run, "counting videos")
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
    return Social(tables, accounts, channels, index, video_counts, claims, invites, hosted)

"""What edges verify with, kept fresh: asked of those who own it, in turns, and at once when something was taken back.

Nothing is published before every owner has answered once: an edge that runs while the control plane is started again
must neither refuse good tokens nor forget what was taken back. When an owner does not answer later, what is known
stays: an outage of the sign-in service must not sign everybody out.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from grpc.aio import AioRpcError

from gateway.nodes import Keys

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

KEYS_EVERY: Final = timedelta(seconds=10)
"""A new key must have been published this long before it signs."""
REVOCATIONS_EVERY: Final = timedelta(seconds=5)
"""How late an edge learns of a revocation, or of the end of a sign-in, whose wake was lost."""
FIRST_PAUSE: Final = timedelta(milliseconds=100)
LONGEST_PAUSE: Final = timedelta(seconds=5)
LONGEST_FIRST_PAUSE: Final = timedelta(milliseconds=400)
"""Until an owner has answered for the first time: new edges wait for it."""


class Sources(Protocol):
    """Who owns what edges verify with. Each may raise AioRpcError, and ValueError for an answer that makes no sense."""

    async def access_jwks(self) -> str:
        """JWK set of those who sign access tokens."""
        ...

    async def grant_jwks(self) -> str:
        """JWK set of those who sign grants."""
        ...

    async def revoked(self) -> frozenset[str]:
        """`acc` claims of grants to refuse."""
        ...

    async def ended(self) -> frozenset[str]:
        """`sid` claims of access tokens to refuse."""
        ...


@dataclass(frozen=True, slots=True)
class _Watched:
    what: str
    every: timedelta
    merge: Callable[[Keys, Any], Keys]
    ask: Callable[[], Awaitable[Any]]


class KeyWatch:
    """Asks the sources in turns, and calls `publish` whenever what is known has changed."""

    def __init__(self, sources: Sources, publish: Callable[[Keys], None], log: FilteringBoundLogger) -> None:
        self._publish = publish
        self._log = log
        self._known: Keys | None = None
        self._learned = Keys()
        self._woken, self._woken_by_ends = asyncio.Event(), asyncio.Event()
        self._watched = (
            (
                _Watched("access keys", KEYS_EVERY, lambda k, v: replace(k, access_jwks=v), sources.access_jwks),
                asyncio.Event(),
            ),
            (
                _Watched("grant keys", KEYS_EVERY, lambda k, v: replace(k, grant_jwks=v), sources.grant_jwks),
                asyncio.Event(),
            ),
            (
                _Watched("revocations", REVOCATIONS_EVERY, lambda k, v: replace(k, revoked=v), sources.revoked),
                self._woken,
            ),
            (
                _Watched("ended sessions", REVOCATIONS_EVERY, lambda k, v: replace(k, ended=v), sources.ended),
                self._woken_by_ends,
            ),
        )
        self._awaited = {watched.what for watched, _ in self._watched}

    def wake(self) -> None:
        """Something was taken back: ask for the revocations now."""
        self._woken.set()

    def wake_by_ends(self) -> None:
        """Sign-ins were ended: ask for them now."""
        self._woken_by_ends.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for watched, woken in self._watched:
                tasks.create_task(self._watch(watched, woken))

    async def _watch(self, watched: _Watched, woken: asyncio.Event) -> None:
        pause = FIRST_PAUSE
        while True:
            # Cleared before asking: a wake that comes while the answer is under way asks once more.
            woken.clear()
            try:
                value = await watched.ask()
            except (AioRpcError, ValueError) as error:
                why = error.details() if isinstance(error, AioRpcError) else str(error)
                self._log.warning("cannot refresh what edges verify with", what=watched.what, why=why)
                wait, pause = (
                    pause,
                    min(pause * 2, LONGEST_FIRST_PAUSE if watched.what in self._awaited else LONGEST_PAUSE),
                )
            else:
                wait, pause = watched.every, FIRST_PAUSE
                self._awaited.discard(watched.what)
                self._learn(watched.merge(self._learned, value))
            await _event_or_time(woken, wait * random.uniform(0.8, 1.2))  # noqa: S311 (no secret)

    def _learn(self, keys: Keys) -> None:
        self._learned = keys
        if self._awaited or keys == self._known:
            return
        self._known = keys
        self._publish(keys)


async def _event_or_time(event: asyncio.Event, wait: timedelta) -> None:
    try:
        async with asyncio.timeout(wait.total_seconds()):
            await event.wait()
    except TimeoutError:
        return

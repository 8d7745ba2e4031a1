"""Reading the dead letters of one work queue, and taking them away, for a person who looks after it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

import nats.errors
from google.protobuf.message import DecodeError
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import APIError, NotFoundError

from mesh.bus.dead import letter_of
from mesh.bus.errors import BusUnavailable
from mesh.bus.model import DeadLetter, M
from mesh.bus.streams import DEAD_STREAM

T = TypeVar("T")

_NO_SUCH_MESSAGE: Final = 10057
"""JetStream's code for a deletion of what is not there."""


@dataclass(frozen=True, slots=True)
class Kept(Generic[M]):
    """A dead letter as it is kept."""

    number: int
    """Later letters have higher ones."""
    letter: DeadLetter[M]
    time: datetime
    """When it was given up, by the bus's clock."""


class DeadLetters(Generic[M]):
    """The dead letters on one subject; every method raises BusUnavailable."""

    def __init__(self, js: JetStreamContext, subject: str, kind: type[M]) -> None:
        self._js = js
        self._subject = subject
        self._kind = kind

    async def behind(self, number: int) -> Kept[M] | None:
        """The first one behind this number, or None."""
        return self._read(await self._asked(self._js.get_msg(DEAD_STREAM, number + 1, self._subject, next=True)))

    async def get(self, number: int) -> Kept[M] | None:
        """The one with this number, or None."""
        found = self._read(await self._asked(self._js.get_msg(DEAD_STREAM, number, self._subject, next=True)))
        return found if found is not None and found.number == number else None

    async def remove(self, number: int) -> None:
        """Take one away; one that is not there is no error."""
        if await self.get(number) is not None:
            await self._asked(self._js.delete_msg(DEAD_STREAM, number))

    async def _asked(self, answer: Awaitable[T]) -> T | None:
        try:
            return await answer
        except NotFoundError:
            return None
        except APIError as error:
            if error.err_code == _NO_SUCH_MESSAGE:
                return None
            raise BusUnavailable(f"dead letters on {self._subject}: {error}") from error
        except (nats.errors.Error, ConnectionError, TimeoutError) as error:
            raise BusUnavailable(f"dead letters on {self._subject}: {error}") from error

    def _read(self, message: RawStreamMsg | None) -> Kept[M] | None:
        if message is None or message.seq is None or message.time is None:
            return None
        try:
            about = self._kind.FromString(message.data or b"")
        except DecodeError:
            # That may be why it was given up.
            about = self._kind()
        return Kept(message.seq, letter_of(about, message.headers or {}), message.time)

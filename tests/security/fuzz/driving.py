"""Many calls at once, each judged; what earlier ones named goes into later ones."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from mesh.policy import all_methods
from tests.security.fuzz.awake import Awake
from tests.security.fuzz.callers import Callers
from tests.security.fuzz.pool import Pool
from tests.security.fuzz.requests import know_contracts
from tests.security.fuzz.shots import DIRECT, Shot, shot
from tests.security.fuzz.verdict import TOO_LATE, broken, understood
from tests.security.fuzz.wire import Reply, Wire
from tests.security.matrix.rules import Kind
from tests.security.matrix.scene import PASSWORD, Scene
from vidmesh.options.v1.options_pb2 import Access

AT_ONCE: Final = 24
SHOWN: Final = 40
"""Failures that are kept whole."""
TRIES: Final = 3
STALL: Final = 1.0
"""Seconds for which this program may not run during a call whose lateness is then held against whom it calls."""


@dataclass(slots=True)
class Record:
    """What came of a run."""

    codes: Counter[str] = field(default_factory=Counter[str])
    methods: Counter[str] = field(default_factory=Counter[str])
    answered: Counter[str] = field(default_factory=Counter[str])
    """Calls that a method answered, of those that were for it."""
    refused: Counter[str] = field(default_factory=Counter[str])
    """Callers whose word was not taken."""
    broken: Counter[str] = field(default_factory=Counter[str])
    failures: list[str] = field(default_factory=list[str])
    """Why, the command that repeats it on a new stack, and what went over the wire."""
    unheard: int = 0
    """Calls that were made again because this program was not let run while they were to be answered (`awake.py`)."""
    slowest: float = 0.0
    slowest_method: str = ""

    def add(self, other: Record) -> None:
        """What came of another run besides."""
        for mine, theirs in (
            (self.codes, other.codes),
            (self.methods, other.methods),
            (self.answered, other.answered),
            (self.refused, other.refused),
            (self.broken, other.broken),
        ):
            mine.update(theirs)
        self.unheard += other.unheard
        self.failures = [*self.failures, *other.failures][:SHOWN]
        if other.slowest > self.slowest:
            self.slowest, self.slowest_method = other.slowest, other.slowest_method


class Drive:
    """Calls a stack as the scene's people."""

    def __init__(self, scene: Scene, wire: Wire, seed: int) -> None:
        know_contracts()
        self._wire = wire
        self._seed = seed
        self._awake = Awake()
        self.pool: Final = pool_of(scene)
        self.callers: Final = Callers(scene)
        self.record: Final = Record()

    async def calls(self, first: int, many: int) -> None:
        """Make the calls of these numbers."""
        numbers = iter(range(first, first + many))

        async def caller() -> None:
            for number in numbers:
                await self.one(shot(self._seed, number, self.pool, self.callers.names))

        async with self._awake, asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(caller())

    async def one(self, made: Shot) -> Reply:
        """Make a call, and judge it."""
        headers = dict(self.callers.headers(made.caller))
        policy = all_methods()[made.method].policy
        if made.face == DIRECT and policy is not None and (made.index % 4 or policy.access == Access.ACCESS_SERVICE):
            headers["x-vidmesh-service"] = self.callers.service_token()
        reply = await self._heard(made, headers)
        self._note(made, reply)
        if reply.code == "UNAUTHENTICATED" and self.callers.is_stale(made.caller):
            await self.callers.renew(made.caller, self._wire.http)
        return reply

    async def _heard(self, made: Shot, headers: Mapping[str, str]) -> Reply:
        for tries in count(1):
            before = self._awake.asleep
            reply = await self._wire.call(made, headers)
            asleep = self._awake.asleep - before
            if asleep < STALL or reply.code not in TOO_LATE or tries == TRIES:
                return replace(reply, seconds=reply.seconds - asleep)
            self.record.unheard += 1
        raise AssertionError

    def _note(self, made: Shot, reply: Reply) -> None:
        record = self.record
        record.codes[f"{made.face} {reply.code}"] += 1
        record.methods[made.method] += 1
        if reply.seconds > record.slowest and not made.streams:
            record.slowest, record.slowest_method = reply.seconds, made.method
        if reply.code == "UNAUTHENTICATED":
            record.refused[made.caller] += 1
        answers, unlike = understood(made, reply)
        for answer in answers:
            self.pool.harvest(answer)
        if answers and made.contract is not None:
            record.answered[made.contract.name] += 1
        if why := broken(made, reply) or unlike:
            record.broken[f"{made.face} {made.method} {why[:160]}"] += 1
            if len(record.failures) < SHOWN:
                record.failures.append(f"{why}\n    {repeated(made)}\n    {made.line()}")


def repeated(made: Shot) -> str:
    """The command that makes this call again, on a new stack."""
    return f"python -m tests.security.fuzz --seed {made.seed} --first {made.index} --calls 1"


def pool_of(scene: Scene) -> Pool:
    """What the scene is made of."""
    people = (scene.owner, scene.manager, scene.stranger, scene.administrator, scene.spare)
    videos = tuple(value for subject, value in scene.ids.items() if subject.kind is Kind.VIDEO)
    uploads = tuple(value for subject, value in scene.ids.items() if subject.kind is Kind.UPLOAD)
    return Pool(
        {
            "video_id": videos,
            "upload_id": uploads,
            "channel_id": tuple(one.person.channel_id for one in people),
            "account_id": tuple(one.account_id for one in people),
            "handle": tuple(one.person.handle for one in people),
            "email": (scene.spare.email,),
            "password": (PASSWORD,),
        }
    )

"""One call, whole: what is sent, by which face, as whom. Drawn by seed and index, written down as one line of JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from random import Random
from typing import Final, Self

from mesh.policy import UNARY_TIMEOUT, Method, all_methods
from tests.security.fuzz.addresses import method_at
from tests.security.fuzz.json_calls import json_call
from tests.security.fuzz.pool import Pool
from tests.security.fuzz.requests import Requests
from tests.security.matrix.faces import binding_of
from vidmesh.options.v1.options_pb2 import Access, RateClass

EDGE, DIRECT, WEB, JSON = "edge", "direct", "web", "json"
FACES: Final = {EDGE: 4, DIRECT: 4, WEB: 2, JSON: 5}
ENDING: Final = ("SignOutEverywhere", "SignOut", "EndSession", "ChangePassword", "DeleteApiToken")
"""Called by nobody's account but the one that is there for it: the others would seldom be signed in."""
COSTLY: Final = 0.2
"""How often a method that hashes passwords is called, by the side of the others: each takes the time of fifty."""
WATCHED: Final = 1.5
"""Seconds after which the caller leaves a stream."""
SHORT: Final = 0.02
"""Share of calls with hardly any time."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A call to be made."""

    seed: int
    index: int
    face: str
    method: str
    caller: str
    """Name of who calls; `callers.py` has their headers."""
    body: str
    """Base64."""
    verb: str = "POST"
    path: str = ""
    """With the query."""
    headers: Mapping[str, str] | None = None
    timeout: float | None = None
    """Shorter than the contract's, where the call is to be too late."""

    @property
    def raw(self) -> bytes:
        return base64.b64decode(self.body)

    @property
    def contract(self) -> Method | None:
        """Of the method that is asked. A JSON call is for whom its address names, and not for whom it was drawn; None
        where nobody has that address."""
        return method_at(self.verb, self.path) if self.face == JSON else all_methods()[self.method]

    @property
    def streams(self) -> bool:
        return self.contract is not None and self.contract.server_streaming

    @property
    def limit(self) -> float:
        """Seconds that the contract gives it; streams are cut by the caller."""
        policy = self.contract.policy if self.contract is not None else None
        if policy is None:
            return UNARY_TIMEOUT.total_seconds()
        return WATCHED if policy.timeout is None else policy.timeout.total_seconds()

    def line(self) -> str:
        """What goes over the wire, whole: for `--replay` on the stack that it was drawn on."""
        told = {name: value for name, value in asdict(self).items() if value is not None}
        body = told.pop("body")
        return json.dumps({**told, "body": body})

    @classmethod
    def from_line(cls, line: str) -> Self:
        return cls(**json.loads(line))


def shot(seed: int, index: int, pool: Pool, callers: Sequence[str]) -> Shot:
    """The call of this number. Face, method, caller and shape depend on seed and number alone; ids, etags and page
    tokens are those of the stack, and of earlier answers."""
    random = Random(f"{seed}:{index}")
    requests = Requests(random, pool)
    face = random.choices(list(FACES), list(FACES.values()))[0]
    method = random.choices(*_methods(face))[0]
    name, caller = method.name, random.choice(callers)
    if name.rpartition("/")[2] in ENDING:
        caller = random.choice(("spare", "spare", "nobody", "garbage"))
    timeout = random.choice((0.001, 0.01, 0.05)) if random.random() < SHORT else None
    if face != JSON:
        raw = requests.on_the_wire(method.input_type)
        return Shot(seed, index, face, name, caller, base64.b64encode(raw).decode(), timeout=timeout)
    call = json_call(random, requests, method)
    body = base64.b64encode(call.body).decode()
    return Shot(seed, index, face, name, caller, body, call.verb, call.path, call.headers)


@cache
def _methods(face: str) -> tuple[list[Method], list[float]]:
    found = [
        method
        for method in all_methods().values()
        if method.policy is not None
        and (face in {EDGE, WEB, DIRECT} or binding_of(method.name) is not None)
        and (face in {DIRECT, JSON} or method.policy.access != Access.ACCESS_SERVICE)
    ]
    costly = RateClass.RATE_CLASS_AUTH
    return found, [COSTLY if method.policy and method.policy.rate_class == costly else 1.0 for method in found]

"""One call, whole: what is sent, by which face, as whom. Drawn by seed and index, written down as one line of JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from random import Random
from typing import Any, Final, Self
from urllib.parse import quote

from mesh.policy import Method, all_methods
from tests.security.fuzz.pool import Pool
from tests.security.fuzz.requests import Requests
from tests.security.fuzz.values import HOSTILE
from tests.security.matrix.faces import binding_of, transcoded
from vidmesh.options.v1.options_pb2 import Access, RateClass

EDGE, DIRECT, WEB, JSON = "edge", "direct", "web", "json"
FACES: Final = {EDGE: 4, DIRECT: 4, WEB: 2, JSON: 5}
COSTLY: Final = 0.2
"""How often a method that hashes passwords is called, by the side of the others: each takes the time of fifty."""
SHORT: Final = 0.02
"""Share of calls with hardly any time."""
VERBS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND")
KINDS: Final = ("application/json", "application/json; charset=utf-16", "text/plain", "application/grpc-web+proto", "")


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
    def contract(self) -> Method:
        return all_methods()[self.method]

    @property
    def limit(self) -> float:
        """Seconds that the contract gives it; streams are cut by the caller."""
        policy = self.contract.policy
        assert policy is not None
        return 1.5 if policy.timeout is None else policy.timeout.total_seconds()

    def line(self) -> str:
        """For `--replay`."""
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None})

    @classmethod
    def from_line(cls, line: str) -> Self:
        return cls(**json.loads(line))


def shot(seed: int, index: int, pool: Pool, callers: Sequence[str]) -> Shot:
    """The call of this number. The same pool gives the same call; the pool depends on earlier answers."""
    random = Random(f"{seed}:{index}")
    requests = Requests(random, pool)
    face = random.choices(list(FACES), list(FACES.values()))[0]
    method = random.choices(*_methods(face))[0]
    name, caller = method.name, random.choice(callers)
    timeout = random.choice((0.001, 0.01, 0.05)) if random.random() < SHORT else None
    if face != JSON:
        raw = requests.on_the_wire(method.input_type)
        return Shot(seed, index, face, name, caller, base64.b64encode(raw).decode(), timeout=timeout)
    verb, path, body, headers = _json(random, requests, method)
    return Shot(seed, index, face, name, caller, base64.b64encode(body).decode(), verb, path, headers)


def _json(random: Random, requests: Requests, method: Method) -> tuple[str, str, bytes, dict[str, str]]:
    binding = binding_of(method.name)
    assert binding is not None
    fields = requests.fields(method.input_type)
    path, query, body = transcoded(binding, _Fields(fields, random))
    verb, kind = binding.verb, "application/json"
    if random.random() < 0.04:
        verb = random.choice(VERBS)
    if random.random() < 0.04:
        kind = random.choice(KINDS)
    if random.random() < 0.05:
        path = path[: random.randrange(1, len(path))] + random.choice(("", "%00", "%ff", "%2F", "//", "/..", ";", ":", "%"))
    pairs = [f"{quote(name)}={quote(value[:2_000])}" for name, value in query]
    if random.random() < 0.08:
        pairs.append(random.choice(("a=b", "=", "&&", "page_size=x", "page_size=-1", "video.x=1", "%=%", "a.b.c.d=1", "$alt=proto")))
    text = b"" if body is None and random.random() < 0.9 else requests.text(body)
    return verb, path + ("?" + "&".join(pairs) if pairs else ""), text, {"content-type": kind}


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

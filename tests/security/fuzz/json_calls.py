"""Calls of the JSON face: paths, queries and bodies, mostly as `google.api.http` has them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from urllib.parse import quote

from mesh.policy import Method
from tests.security.fuzz.requests import Requests
from tests.security.fuzz.values import HOSTILE
from tests.security.matrix.faces import Binding, binding_of

VERBS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND")
KINDS: Final = ("application/json", "application/json; charset=utf-16", "text/plain", "application/xml", "")
ODD_ENDS: Final = ("", "%00", "%ff", "%2F", "//", "/..", ";", ":", "%", ":publish", "%C0%AF")
ODD_PAIRS: Final = ("a=b", "=", "&&", "page_size=x", "page_size=-1", "video.x=1", "%=%", "a.b.c.d=1", "$alt=proto")


@dataclass(frozen=True, slots=True)
class JsonCall:
    """What goes over HTTP."""

    verb: str
    path: str
    body: bytes
    headers: dict[str, str]


def json_call(random: Random, requests: Requests, method: Method) -> JsonCall:
    """A call of this method, more or less."""
    binding = binding_of(method.name)
    assert binding is not None
    path, pairs, body = _parts(random, binding, requests.fields(method.input_type))
    verb, kind = binding.verb, "application/json"
    if random.random() < 0.04:
        verb = random.choice(VERBS)
    if random.random() < 0.04:
        kind = random.choice(KINDS)
    if random.random() < 0.05:
        path = path[: random.randrange(1, len(path))] + random.choice(ODD_ENDS)
    if random.random() < 0.08:
        pairs.append(random.choice(ODD_PAIRS))
    content = b"" if body is None and random.random() < 0.9 else requests.text(body)
    return JsonCall(verb, path + ("?" + "&".join(pairs) if pairs else ""), content, {"content-type": kind})


def _parts(random: Random, binding: Binding, fields: dict[str, Any]) -> tuple[str, list[str], Any]:
    def taken(match: re.Match[str]) -> str:
        *above, last = match[1].split(".")
        holder: Any = fields
        for name in above:
            holder = holder.get(name) if isinstance(holder, dict) else None
        value = holder.pop(last, None) if isinstance(holder, dict) else None
        return quote(_plain(random.choice(HOSTILE[:-2]) if value is None else value)[:500], safe="@")

    path = re.sub(r"\{([a-z_.]+)\}", taken, binding.template)
    if binding.body == "*":
        return path, [], fields
    body = fields.pop(binding.body, {}) if binding.body else None
    return path, list(_pairs("", fields)), body


def _pairs(above: str, fields: Mapping[str, Any]) -> list[str]:
    pairs: list[str] = []
    for name, value in fields.items():
        if isinstance(value, dict):
            pairs += _pairs(f"{above}{name}.", value)
            continue
        values: list[Any] = value if isinstance(value, list) else [value]
        pairs += [f"{quote(above + name)}={quote(_plain(one)[:500])}" for one in values[:120]]
    return pairs


def _plain(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(errors="replace").decode()

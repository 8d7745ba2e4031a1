"""Who answers a request over HTTP: read from its verb and address, by the edge's own route table.

Somebody who bends the address of one method may meet another, and is then answered by that one's contract.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from gateway.config.pages import PAGE
from gateway.routes import route_table
from mesh.policy import Method, all_methods, descriptor_set
from tests.security.fuzz.paths import ends_with_slash, segments

VARIABLE: Final = "{}"
PAGE_BEGINS: Final = b"<!doctype html>"
"""Of every page of the web app, and of no media."""


@dataclass(frozen=True, slots=True)
class Face:
    """One binding of one method, taken apart."""

    verb: str
    parts: tuple[str, ...]
    """What is between the slashes; a variable is `{}`."""
    custom: str
    """What stands behind the colon (google.api.http calls it the verb too); empty for none."""
    method: str

    def fits(self, verb: str, parts: tuple[str, ...], custom: str) -> bool:
        """Whether a request is for this."""
        return (self.verb, self.custom, len(self.parts)) == (verb, custom, len(parts)) and all(
            mine in {VARIABLE, given} for mine, given in zip(self.parts, parts, strict=True)
        )


def method_at(verb: str, target: str) -> Method | None:
    """The method that answers there; None where nothing is. Words win over variables, from left to right."""
    # A word behind a colon is a verb at the very end of a path only.
    parts, custom = (segments(target), "") if ends_with_slash(target) else _custom(segments(target))
    found = [face for face in _faces() if face.fits(verb, parts, custom)]
    if not found:
        return None
    return all_methods()[min(found, key=lambda face: [part == VARIABLE for part in face.parts]).method]


def page_at(verb: str, target: str) -> bool:
    """Whether a page of the web app answers there."""
    return verb in {"GET", "HEAD"} and re.fullmatch(PAGE, "/" + "/".join(segments(target))) is not None


def is_page(body: bytes) -> bool:
    """Whether this is a page of the web app, or what is told of one: its beginning, or nothing at all."""
    begins = body[: len(PAGE_BEGINS)].lower()
    return PAGE_BEGINS.startswith(begins)


def _custom(parts: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """A last colon tells a custom verb from the path where any method has that verb; else it is one of the path's."""
    head, _, verb = parts[-1].rpartition(":") if parts else ("", "", "")
    if not verb or verb not in {face.custom for face in _faces()}:
        return parts, ""
    return (*parts[:-1], *([head] if head else [])), verb


@cache
def _faces() -> tuple[Face, ...]:
    methods: Mapping[str, Method] = all_methods()
    table = route_table(methods, descriptor_set())
    return tuple(
        _face(binding.verb, binding.template, route.grpc_path) for route in table.routes for binding in route.bindings
    )


def _face(verb: str, template: str, method: str) -> Face:
    path, _, custom = re.sub(r"\{[^}]*\}", VARIABLE, template).partition(":")
    return Face(verb, tuple(path.strip("/").split("/")), custom, method)

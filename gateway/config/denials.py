"""Refusing by list: grants that were taken back, sign-ins that were ended (the rbac filter with an exact map)."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from gateway.config.names import ACCESS_KEY_HEADER, ENDED_SESSIONS, REVOCATIONS, SESSION_HEADER
from gateway.config.plain import Plain, extension

TYPE: Final = "filters.http.rbac.v3.RBAC"


def revocations_filter(access_keys: Set[str]) -> Plain:
    """Refuses grants with one of these `acc` claims."""
    return _denials(REVOCATIONS, ACCESS_KEY_HEADER, access_keys)


def ended_sessions_filter(session_ids: Set[str]) -> Plain:
    """Refuses access tokens with one of these `sid` claims."""
    return _denials(ENDED_SESSIONS, SESSION_HEADER, session_ids)


def _denials(name: str, header_name: str, values: Set[str]) -> Plain:
    """Refuses requests in which the header has one of these values. The list's size costs a request nothing."""
    matcher: Plain = {"on_no_match": _action("not refused", "ALLOW")}
    if values:
        matcher["matcher_tree"] = {
            "input": extension("refused", "envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name=header_name),
            "exact_match_map": {"map": dict.fromkeys(sorted(values), _action("refused", "DENY"))},
        }
    return extension(name, TYPE, matcher=matcher)


def _action(name: str, action: str) -> Plain:
    return {"action": extension("action", "envoy.config.rbac.v3.Action", name=name, action=action)}

"""Sign-ins of browsers: the access token in a cookie becomes the call's `authorization` (`mesh.cookies`).

It does so only in requests that carry `CSRF_HEADER`, which a page of another origin can send only where `cors.py` lets
it. Both filters stand behind the transcoder, where a call's own route is known whichever face it came by, and do
without a script: a call without cookies costs two look-ups of headers.
"""

from __future__ import annotations

from typing import Final

from gateway.config.names import COOKIE_AUTHORIZATION, COOKIE_METADATA, OWN_HEADERS, SESSION_COOKIE
from gateway.config.plain import Plain, extension, header, typed
from mesh.config import EdgeSettings
from mesh.cookies import CSRF_HEADER, cookie_names
from mesh.identity import AUTHORIZATION

TYPE: Final = "filters.http.header_to_metadata.v3.Config"
CARRIED: Final = "vidmesh-csrf"
"""Where `CSRF_HEADER` is kept while everything of its kind is dropped."""
FOUND: Final = f"%DYNAMIC_METADATA({COOKIE_METADATA}:{AUTHORIZATION})%"


def without_own_headers() -> list[Plain]:
    """Early mutations: whatever this installation says by headers is not taken from outside, but for `CSRF_HEADER`."""
    return [
        {"remove": CARRIED},
        {"append": header(CARRIED, f"%REQ({CSRF_HEADER})%")},
        {"remove_on_match": {"key_matcher": {"prefix": OWN_HEADERS}}},
        {"append": header(CSRF_HEADER, f"%REQ({CARRIED})%")},
        {"remove": CARRIED},
    ]


def session_cookie_filter() -> Plain:
    """Finds nothing by itself; routes of methods that take the cookie bring `finds_session_cookie`."""
    return extension(SESSION_COOKIE, TYPE)


def finds_session_cookie(edge: EdgeSettings) -> Plain:
    """Per-route rule: the access cookie, as `authorization` would have it, goes into the call's metadata."""
    as_bearer = {"pattern": {"regex": "^.*$"}, "substitution": r"Bearer \0"}
    found = {"metadata_namespace": COOKIE_METADATA, "key": AUTHORIZATION, "regex_value_rewrite": as_bearer}
    return typed(TYPE, request_rules=[{"cookie": cookie_names(edge.public_url).access, "on_header_present": found}])


def cookie_authorization_filter() -> Plain:
    """What the cookie holds counts where `CSRF_HEADER` is there and no `authorization` is."""
    counts = extension(
        COOKIE_AUTHORIZATION,
        "filters.http.header_mutation.v3.HeaderMutation",
        mutations={
            "request_mutations": [
                {"append": {"header": {"key": AUTHORIZATION, "value": FOUND}, "append_action": "ADD_IF_ABSENT"}}
            ]
        },
    )
    skip = {"action": extension("skip", "filters.common.matcher.action.v3.SkipFilter")}
    has_header = {
        "single_predicate": {
            "input": extension("csrf", "envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name=CSRF_HEADER),
            "value_match": {"safe_regex": {"google_re2": {}, "regex": ".*"}},
        }
    }
    without = {"predicate": {"not_matcher": has_header}, "on_match": skip}
    return extension(
        COOKIE_AUTHORIZATION,
        "common.matching.v3.ExtensionWithMatcher",
        extension_config=counts,
        xds_matcher={"matcher_list": {"matchers": [without]}},
    )

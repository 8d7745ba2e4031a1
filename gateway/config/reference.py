"""What the edge tells of itself: its JSON calls as an OpenAPI document, and the page that shows it.

Both are generated with docs/reference/ and stand in `gateway/reference/`. They come with the routes, so that every edge
has them, pages or not, and those of the contracts that it serves.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

from gateway.config.names import JWT, TRANSCODER
from gateway.config.plain import Plain, header, switched_off
from gateway.config.tokens import NOTHING, asks_for

DOCUMENT, PAGE, STYLE = "/openapi.json", "/reference", "/reference/style.css"
MOST_BYTES: Final = 1 << 20
"""The largest body that the routes themselves may hold."""
POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The page is words, and runs nothing (Content Security Policy Level 3)."""

_FILES: Final = (
    (DOCUMENT, "openapi.json", "application/json"),
    (PAGE, "index.html", "text/html; charset=utf-8"),
    (STYLE, "style.css", "text/css; charset=utf-8"),
)


def reference_routes() -> list[Plain]:
    """The document, the page, and its style."""
    folder = resources.files("gateway") / "reference"
    return [_route(path, folder.joinpath(name).read_text(encoding="utf-8"), kind) for path, name, kind in _FILES]


def _route(path: str, content: str, kind: str) -> Plain:
    reads: Plain = {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}
    return {
        "name": f"reference {path}",
        "match": {"path": path, "headers": [reads]},
        "direct_response": {"status": 200, "body": {"inline_string": content}},
        "response_headers_to_add": [
            header("content-type", kind),
            header("cache-control", "public, max-age=300"),
            header("content-security-policy", POLICY),
            header("cross-origin-resource-policy", "same-origin"),
            header("referrer-policy", "strict-origin-when-cross-origin"),
        ],
        "typed_per_filter_config": {TRANSCODER: switched_off(), JWT: asks_for(NOTHING)},
    }

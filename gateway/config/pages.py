"""The web app, from the object store (`mesh.pages`): its pages, and the files that they load.

Every address of a page is answered with the same `index.html`. No script but the app's own runs in it, and it talks to
nobody but the edges of this installation (Content Security Policy Level 3).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from gateway.config.names import CACHE, JWT, MEDIA_CLUSTER, PAGE_METADATA, PAGE_PATH, SAME_FOR_ALL, SHARING, TRANSCODER
from gateway.config.plain import Plain, header, switched_off, switched_on, typed
from gateway.config.store_answers import store_filter
from gateway.config.tokens import NOTHING, asks_for
from mesh.config import Settings
from mesh.pages import GZIP, INDEX, NAME, PLAIN

NAMES: Final = ("watch", "embed", "studio", "upload", "account", "sign-in", "sign-up")
"""What the addresses of pages begin with, but for the first page and those of channels, `/@<handle>`."""
WATCH: Final = r"/watch/[A-Za-z0-9_][A-Za-z0-9_-]{10}"
PAGE: Final = rf"/(?:@[^/]+|{'|'.join(NAMES)})?(?:/.*)?"
EMBEDDED: Final = r"/embed/.*"
"""Pages that may be shown within pages of others."""
ASSET: Final = rf"/assets/{NAME}"
ROOT_FILE: Final = r"/[A-Za-z0-9_-]+\.[a-z0-9]+"
WITHOUT_DOTS: Final = r"/[^.]*"

SCRIPT: Final = """\
function envoy_on_request(handle)
  local headers = handle:headers()
  local path = string.match(headers:get(":path"), "^[^?#]*")
  local file = string.match(path, "^/(assets/[%w_-][%w._-]*)$") or string.match(path, "^/([%w_-]+%.%w+)$") or "$index"
  local form = "$plain"
  if string.find(headers:get("accept-encoding") or "", "gzip", 1, true) then
    form = "$gzip"
  end
  handle:streamInfo():dynamicMetadata():set("$metadata", "form", form)
  -- The store sends what it has; and a request with credentials is never answered from the cache.
  headers:remove("accept-encoding")
  headers:remove("authorization")
  headers:remove("cookie")
  headers:replace(":path", "/$bucket/" .. form .. file)
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local told = handle:streamInfo():dynamicMetadata():get("$metadata")
  if headers:get(":status") == "200" and told ~= nil and told["form"] == "$gzip" then
    headers:replace("content-encoding", "gzip")
  end
  headers:replace("vary", "accept-encoding")
  tell(handle)
end
"""
NOT_THERE: Final = "There is no such file. Where there are no pages at all: `vidmesh web publish` brings them."


def page_path_filter(bucket: str) -> Plain:
    """Points the path at a file of the app, in the form that the browser takes; off but on pages."""
    words = {"$metadata": PAGE_METADATA, "$bucket": bucket, "$index": INDEX, "$plain": PLAIN, "$gzip": GZIP}
    return store_filter(PAGE_PATH, SCRIPT, NOT_THERE, words)


def page_routes(settings: Settings, forwarded: Iterable[str], metadata: Plain | None = None) -> list[Plain]:
    """Files and pages of the app; `forwarded` are headers that the store must not see.

    With `metadata`, which say what they are counted as, pages of videos get tags for other sites (`sharing.py`).
    """
    policy = content_policy(edge.url for edge in settings.edges())
    own = _told(policy, "frame-ancestors 'none'")
    embedded = _told(policy, "frame-ancestors *")
    dropped = list(forwarded)
    watch: Plain = {"safe_regex": {"regex": WATCH}}
    return [
        _route("files of the app", {"safe_regex": {"regex": ASSET}}, dropped, _told(None), {CACHE: switched_on()}),
        _route("other files of the app", {"safe_regex": {"regex": ROOT_FILE}}, dropped, _told(None)),
        _route("pages for pages of others", {"safe_regex": {"regex": EMBEDDED}}, dropped, embedded),
        *([] if metadata is None else [_shared(_route("pages of videos", watch, dropped, own), metadata)]),
        _route("pages", {"safe_regex": {"regex": PAGE}}, dropped, own),
    ]


def _shared(route: Plain, metadata: Plain) -> Plain:
    return {
        **route,
        "metadata": metadata,
        "typed_per_filter_config": {**route["typed_per_filter_config"], SHARING: switched_on()},
    }


def lost_page_route(settings: Settings, forwarded: Iterable[str]) -> Plain:
    """For people who mistyped an address: the app says that there is no such page. Behind all other routes."""
    policy = _told(content_policy(edge.url for edge in settings.edges()), "frame-ancestors 'none'")
    route = _route("lost", {"safe_regex": {"regex": WITHOUT_DOTS}}, list(forwarded), policy)
    wants_page: Plain = {"name": "accept", "string_match": {"contains": "text/html"}}
    route["match"]["headers"].append(wants_page)
    return route


def content_policy(edges: Iterable[str]) -> str:
    """What a page may load: its own files, and media of the edges of these URLs."""
    others = " ".join(sorted({f"{url.scheme}://{url.netloc}" for url in map(urlsplit, edges) if url.netloc}))
    media = f"'self' {others}".rstrip()
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self' blob:",
            f"img-src {media} blob:",
            f"media-src {media} blob:",
            f"connect-src {media}",
            "form-action 'self'",
            "base-uri 'none'",
        )
    )


def _told(policy: str | None, ancestors: str = "") -> Plain:
    """Per-route rule of the first filter, which sees answers from the cache as well."""
    headers = {"x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin"}
    if policy is not None:
        headers |= {
            "content-security-policy": f"{policy}; {ancestors}",
            "referrer-policy": "strict-origin-when-cross-origin",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
        }
    mutations = [{"append": header(name, value)} for name, value in headers.items()]
    return typed("filters.http.header_mutation.v3.HeaderMutationPerRoute", mutations={"response_mutations": mutations})


def _route(name: str, path: Plain, dropped: list[str], told: Plain, rules: Plain | None = None) -> Plain:
    reads: Plain = {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}
    return {
        "name": name,
        "match": {**path, "headers": [reads]},
        "route": {"cluster": MEDIA_CLUSTER, "timeout": "30s"},
        "request_headers_to_remove": dropped,
        "typed_per_filter_config": {
            SAME_FOR_ALL: told,
            TRANSCODER: switched_off(),
            PAGE_PATH: switched_on(),
            JWT: asks_for(NOTHING),
            **(rules or {}),
        },
    }

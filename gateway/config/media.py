"""Media by signed address: `/media/~<grant>/v/<video>/<path>`, with no Python in the way.

The grant is taken out of the path (so that all viewers share one cache entry), verified (`tokens.py`), compared with
the path that it opens, and looked up among those taken back; then the cache answers, or the object store does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.config import cel
from gateway.config.names import (
    CACHE,
    GRANT_HEADER,
    GRANT_SCOPE,
    JWT,
    MEDIA_METADATA,
    MEDIA_PATH,
)
from gateway.config.plain import Plain, extension, typed
from gateway.config.store_answers import store_filter
from mesh.config import Settings
from mesh.grants import VIDEO_ID

_OF_A_VIDEO: Final = r"/media/~[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/v/[A-Za-z0-9_-]{11}/"
ADDRESS: Final = _OF_A_VIDEO + r"[A-Za-z0-9._/-]+"
"""Every address that can exist. Nothing in it needs escaping, so nothing escaped is ever let through."""
DOWNLOAD: Final = _OF_A_VIDEO + r"d/[A-Za-z0-9._/-]+"
"""Of those, files to keep: large, and fetched once."""

ROOT: Final = "/media/v/"
"""What every `pfx` claim begins with."""

ACCESS_KEY: Final = rf"^{VIDEO_ID.pattern}[.][0-9]+$"
"""What an `acc` claim looks like (`mesh.grants.access_key`)."""

SCRIPT: Final = """\
function envoy_on_request(handle)
  local headers = handle:headers()
  local grant, path = string.match(headers:get(":path"), "^/media/~([%w%-_.]+)(/v/[^?]+)")
  if grant == nil then
    handle:respond({[":status"] = "404"}, "")
    return
  end
  -- An answer to a request with credentials is never cached, and the store has no business with a viewer's.
  headers:remove("authorization")
  headers:remove("cookie")
  headers:replace("$header", grant)
  handle:streamInfo():dynamicMetadata():set("$metadata", "path", "/media" .. path)
  handle:streamInfo():dynamicMetadata():set("$metadata", "method", headers:get(":method"))
  headers:replace(":path", "/$bucket" .. path)
end

function envoy_on_response(handle)
  local headers = handle:headers()
  local status = headers:get(":status")
  local wanted = handle:streamInfo():dynamicMetadata():get("$metadata")
  if wanted ~= nil and (status == "200" or status == "206") then
    -- What was asked for to be kept is saved under its own name, and never shown in a page.
    local name = string.match(wanted["path"], "^/media/v/[^/]+/d/[^/]+/([%w%-_.]+)$")
    if name ~= nil then
      headers:replace("content-disposition", 'attachment; filename="' .. name .. '"')
    end
  end
  if not ((status == "200" or status == "206") and headers:get("content-length") == "0") then
    tell(handle)
    return
  end
  -- Some stores give folders as files without bytes, and no file of a video is without.
  headers:replace(":status", "404")
  headers:replace("content-type", "application/json")
  headers:replace("cache-control", "no-store")
  headers:remove("etag")
  headers:remove("last-modified")
  local asked = handle:streamInfo():dynamicMetadata():get("$metadata")
  if asked ~= nil and asked["method"] == "GET" then
    handle:body(true):setBytes($not_there)
  end
end
"""

NOT_THERE: Final = "There is no such file."


def media_path_filter(bucket: str) -> Plain:
    """Takes the grant out of the path, drops the query, points the path at the object, and tells of errors.

    Off but on media.
    """
    words = {"$header": GRANT_HEADER, "$metadata": MEDIA_METADATA, "$bucket": bucket}
    return store_filter(MEDIA_PATH, SCRIPT, NOT_THERE, words)


def grant_scope_filter() -> Plain:
    """Refuses nothing by itself; media routes bring their rule with `within_scope`."""
    return extension(GRANT_SCOPE, "filters.http.rbac.v3.RBAC")


def within_scope() -> Plain:
    """Per-route rule: the path lies below the grant's `pfx`, which names one video and ends with a slash; and `acc` is
    there, without which nobody could take the grant back.

    A grant without one of the claims, or with one of another type, makes the condition fail, and nothing is allowed.
    """
    path = cel.path("metadata", "filter_metadata", MEDIA_METADATA, "path")
    prefix = cel.path("metadata", "filter_metadata", JWT, "payload", "pfx")
    access_key = cel.path("metadata", "filter_metadata", JWT, "payload", "acc")
    condition = cel.every(
        cel.call("startsWith", prefix, target=path),
        cel.call("startsWith", cel.text(ROOT), target=prefix),
        cel.call("endsWith", cel.text("/"), target=prefix),
        # Longer than the root alone, which would open every video.
        cel.call("_>_", cel.call("size", prefix), cel.number(len(ROOT))),
        cel.call("matches", cel.text(ACCESS_KEY), target=access_key),
    )
    anybody: Plain = {
        "permissions": [{"any": True}],
        "principals": [{"any": True}],
        "condition": cel.numbered(condition),
    }
    rules = {"action": "ALLOW", "policies": {"below the granted prefix": anybody}}
    return typed("filters.http.rbac.v3.RBACPerRoute", rbac={"rules": rules})


def cache_folder(settings: Settings, edge: str) -> Path:
    """Where the edge of this name keeps media. Envoy does not make it, and without it fetches everything anew."""
    return Path(settings.edge.cache_dir.format(data=Path(settings.data).absolute())) / edge


def cache_filter(folder: Path, size_bytes: int) -> Plain:
    """Keeps media on the edge's own disk, up to this size; off but on media."""
    return {
        **extension(
            CACHE,
            "filters.http.cache_v2.v3.CacheV2Config",
            typed_config=typed(
                "http.cache_v2.file_system_http_cache.v3.FileSystemHttpCacheV2Config",
                manager_config={"thread_pool": {"thread_count": 2}},
                cache_path=str(folder),
                max_cache_size_bytes=str(size_bytes),
            ),
            # A player that reloads would otherwise empty the cache for everybody.
            ignore_request_cache_control_header=True,
        ),
        "disabled": True,
    }

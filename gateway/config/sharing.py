"""What other sites are told: tags for previews in the pages of public videos, and oEmbed, whoever asks.

The page of a video is the one file of the app, like every page. On its way out the tags are put into its head, which
SharingService writes. Where that does not answer in time, the page comes as it is: people do not wait for previews.
"""

from __future__ import annotations

from typing import Final

from gateway.config.limits import counted
from gateway.config.names import JWT, SHARING, SHARING_METADATA
from gateway.config.plain import Plain, extension, switched_on
from gateway.config.tokens import NOTHING, asks_for
from gateway.routes import RouteTable
from mesh.config import LimitSettings
from mesh.identity import EDGE
from vidmesh.playback.v1.sharing_service_pb2 import DESCRIPTOR, GetOembedRequest

SERVICE: Final = DESCRIPTOR.services_by_name["SharingService"]
HEAD_PATH: Final = f"/{SERVICE.full_name}/GetWatchHead"
HOST: Final = "svc_playback"
OEMBED: Final = "/oembed"
PATIENCE_MS: Final = 1000
BEGIN: Final = "<!--head-->"
END: Final = "<!--/head-->"
"""What stands between these in the app's file is what a page says of itself that is about no video."""
NOT_PUBLIC: Final = '<meta name="robots" content="noindex" />'

SCRIPT: Final = """\
local asked_for = {$names}

-- Of the parameters those that the contract has, each once.
local function known(query)
  local kept = {}
  local seen = {}
  for pair in string.gmatch(query, "[^&]+") do
    local name = string.match(pair, "^[^=]+")
    if asked_for[name] and not seen[name] then
      seen[name] = true
      kept[#kept + 1] = pair
    end
  end
  return table.concat(kept, "&")
end

-- One frame of gRPC with a message whose field 1 is a text, and the other way round.
local function frame(text)
  return "\\0\\0\\0\\0" .. string.char(#text + 2, 10, #text) .. text
end

local function text_of(body)
  if body == nil or string.byte(body, 1) ~= 0 or string.byte(body, 6) ~= 10 then
    return nil
  end
  local length, unit, at = 0, 1, 7
  repeat
    local byte = string.byte(body, at)
    if byte == nil then
      return nil
    end
    length, unit, at = length + byte % 128 * unit, unit * 128, at + 1
  until byte < 128
  local text = string.sub(body, at, at + length - 1)
  return #text == length and text or nil
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local path, query = string.match(headers:get(":path"), "^([^?#]*)%??([^#]*)")
  headers:remove("authorization")
  headers:remove("cookie")
  if path == "$oembed" then
    headers:replace(":path", "/v1" .. path .. "?" .. known(query))
    return
  end
  if headers:get(":method") ~= "GET" then
    return
  end
  local told, body = handle:httpCall("$host", {
    [":method"] = "POST",
    [":path"] = "$head_path",
    [":authority"] = "$host",
    ["content-type"] = "application/grpc",
    ["te"] = "trailers",
    ["grpc-timeout"] = "$patiencem",
    ["$edge_header"] = "$edge",
  }, frame(string.sub(path, -11)), $patience)
  local head = text_of(body)
  if head == nil and told["grpc-status"] == "5" then
    head = '$not_public'
  end
  if head == nil then
    return
  end
  handle:streamInfo():dynamicMetadata():set("$metadata", "head", head)
  -- The whole page is wanted, and as text. What was held before the call is gone.
  headers = handle:headers()
  headers:remove("accept-encoding")
  headers:remove("if-none-match")
  headers:remove("if-modified-since")
  headers:remove("range")
end

function envoy_on_response(handle)
  local told = handle:streamInfo():dynamicMetadata():get("$metadata")
  local head = told and told["head"]
  local headers = handle:headers()
  if head == nil or headers:get(":status") ~= "200" then
    return
  end
  headers:remove("etag")
  headers:remove("last-modified")
  headers:remove("accept-ranges")
  -- Waits for the body, after which the headers must not be touched; their length follows by itself.
  local body = handle:body()
  if body == nil then
    return
  end
  local page = body:getBytes(0, body:length())
  local from, to = string.find(page, "$begin", 1, true)
  local last, after = string.find(page, "$end", 1, true)
  if from == nil or last == nil or head == '$not_public' then
    from = string.find(page, "</head>", 1, true)
    after = from and from - 1
  end
  if from ~= nil then
    body:setBytes(string.sub(page, 1, from - 1) .. head .. string.sub(page, after + 1))
  end
end
"""


def sharing_filter(edge: str) -> Plain:
    """Puts tags into pages of videos, and takes what oEmbed does not know from its requests; off but on these.

    `edge` is the name of this edge, whose addresses the tags have.
    """
    names = (field.name for field in GetOembedRequest.DESCRIPTOR.fields)
    words = {
        "$names": ", ".join(f"{name} = true" for name in names),
        "$oembed": OEMBED,
        "$host": HOST,
        "$head_path": HEAD_PATH,
        "$patience": str(PATIENCE_MS),
        "$edge_header": EDGE,
        "$edge": edge,
        "$metadata": SHARING_METADATA,
        "$not_public": NOT_PUBLIC,
        "$begin": BEGIN,
        "$end": END,
    }
    source = SCRIPT
    for word in sorted(words, key=len, reverse=True):
        source = source.replace(word, words[word])
    script = extension(
        SHARING,
        "filters.http.lua.v3.Lua",
        default_source_code={"inline_string": source},
        # The route was chosen by the address, and nothing here leads elsewhere.
        clear_route_cache=False,
    )
    return {**script, "disabled": True}


def page_metadata(table: RouteTable, limits: LimitSettings) -> Plain | None:
    """Of the route of pages of videos: each counts as the call that it takes. None where nobody answers that."""
    return next((counted(route, limits) for route in table.routes if route.grpc_path == HEAD_PATH), None)


def oembed_route() -> Plain:
    """In front of pages; the transcoder then chooses the route of the call."""
    reads: Plain = {"name": ":method", "string_match": {"exact": "GET"}}
    return {
        "name": "oEmbed",
        "match": {"path": OEMBED, "headers": [reads]},
        "direct_response": {"status": 404},
        "typed_per_filter_config": {SHARING: switched_on(), JWT: asks_for(NOTHING)},
    }

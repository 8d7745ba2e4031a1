"""Whether what a gRPC call brings is a frame of gRPC, before a service is asked.

Services leave that to gRPC's library, which tells of a broken frame as of a fault of its own (INTERNAL), or cuts the
stream: the edge would take the service for one that cannot be reached, ask it again, and leave it out after a few.
https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: "Length-Prefixed-Message".
"""

from __future__ import annotations

from typing import Final

from gateway.config.names import FRAMING, FRAMING_HEADER
from gateway.config.plain import Plain, extension

SENTENCE: Final = "A call brings one message, in a frame that says its length and whether it is compressed."

SCRIPT: Final = """\
local begins = {gzip = "\\31\\139", deflate = "\\120"}

local function is_frame(body, encoding)
  if body == nil or body:length() < 5 then
    return false
  end
  local compressed, a, b, c, d = string.byte(body:getBytes(0, 5), 1, 5)
  if body:length() - 5 ~= ((a * 256 + b) * 256 + c) * 256 + d then
    return false
  end
  if compressed == 0 then
    return encoding == nil or encoding == "identity" or begins[encoding] ~= nil
  end
  local magic = begins[encoding or ""]
  if compressed ~= 1 or magic == nil or body:length() < 5 + #magic then
    return false
  end
  return body:getBytes(5, #magic) == magic
end

function envoy_on_request(handle)
  local headers = handle:headers()
  if string.sub(headers:get("content-type") or "", 1, 16) ~= "application/grpc" then
    return
  end
  local encoding = headers:get("grpc-encoding")
  if not is_frame(handle:body(), encoding) then
    handle:headers():replace("$header", "broken")
    handle:respond({[":status"] = "400"}, "")
  end
end
"""


def framing_filter() -> Plain:
    """Refuses calls whose frame is none. Off but on calls with one message, whose body is held until it is whole."""
    script = SCRIPT.replace("$header", FRAMING_HEADER)
    lua = extension(
        FRAMING,
        "filters.http.lua.v3.Lua",
        default_source_code={"inline_string": script},
        clear_route_cache=False,
    )
    return {**lua, "disabled": True}

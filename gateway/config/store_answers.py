"""What viewers are told where the object store fails: in Lua, for the filters that stand in front of it."""

from __future__ import annotations

import json
from functools import reduce
from typing import Final

from google.protobuf import json_format
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status

from gateway.config.plain import Plain, extension

ANSWERS: Final = """\
-- What the store says of its errors names buckets and keys; viewers are told what they can do about it.
local function tell(handle)
  local headers = handle:headers()
  local status = tonumber(headers:get(":status"))
  if status < 400 or status == 412 or status == 416 or headers:get("content-type") == "application/json" then
    return
  end
  local answer = $not_there
  if status ~= 404 then
    answer = $not_now
    headers:replace(":status", "503")
    headers:replace("retry-after", "1")
  end
  headers:replace("content-type", "application/json")
  headers:replace("cache-control", "no-store")
  -- Waits for the body, after which the headers must not be touched; their length follows by itself.
  local body = handle:body()
  if body ~= nil then
    body:setBytes(answer)
  end
end
"""
"""Gives scripts `tell`, to be called last in `envoy_on_response`."""

NOT_NOW: Final = Status(code=Code.UNAVAILABLE, message="The store does not answer: wait and repeat.")


def store_filter(name: str, script: str, not_there: str, words: dict[str, str]) -> Plain:
    """A Lua filter of this script behind `ANSWERS`, its `words` replaced; off where no route switches it on.

    `not_there` is the sentence for what the store does not have.
    """
    missing = Status(code=Code.NOT_FOUND, message=not_there)
    words = words | {"$not_there": f"[[{_written(missing)}]]", "$not_now": f"[[{_written(NOT_NOW)}]]"}
    source = reduce(lambda text, word: text.replace(*word), words.items(), f"{ANSWERS}\n{script}")
    return {
        **extension(
            name,
            "filters.http.lua.v3.Lua",
            default_source_code={"inline_string": source},
            # The route was chosen by the address; choosing again would find none for the path in the store.
            clear_route_cache=False,
        ),
        "disabled": True,
    }


def _written(status: Status) -> str:
    return json.dumps({**json_format.MessageToDict(status), "details": []}, separators=(",", ":"))

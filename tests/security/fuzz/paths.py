"""What every edge does to a path before anything looks at it.

It decodes percent-encoded unreserved characters and removes dot segments (RFC 3986, 6.2.2), takes backslashes for
slashes (as URLs do, whatwg.org) and merges slashes, in this order: `a//..` is `a`, and not what is above `a`. A dot
segment with parameters (`..;x`) is one too.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

UNRESERVED: Final = re.compile("%(2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]|7[eE])")


def segments(target: str) -> tuple[str, ...]:
    """What is left of a request's target between the slashes, none of it empty. The query is no part of it."""
    kept: list[str] = []
    for part in _raw(target):
        match _dots(part):
            case ".":
                pass
            case "..":
                del kept[-1:]
            case _:
                kept.append(part)
    return tuple(part for part in kept if part)


def ends_with_slash(target: str) -> bool:
    """Whether what is left ends with a slash, as it does behind a dot segment."""
    return _dots(_raw(target)[-1]) in {"", ".", ".."}


def _raw(target: str) -> list[str]:
    path = UNRESERVED.sub(lambda found: unquote(found[0]), re.split("[?#]", target)[0])
    return path.replace("\\", "/").split("/")


def _dots(part: str) -> str:
    """The part; of dots with parameters, the dots."""
    before = part.partition(";")[0]
    return before if before in {".", ".."} else part

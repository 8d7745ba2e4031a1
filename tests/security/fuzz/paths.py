"""What every edge does to a path before anything looks at it.

It decodes percent-encoded unreserved characters and removes dot segments (RFC 3986, 6.2.2), takes backslashes for
slashes (as URLs do, whatwg.org) and merges slashes, in this order: `a//..` is `a`, and not what is above `a`.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

UNRESERVED: Final = re.compile("%(2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]|7[eE])")


def segments(target: str) -> tuple[str, ...]:
    """What is left of a request's target between the slashes, none of it empty. The query is no part of it."""
    path = UNRESERVED.sub(lambda found: unquote(found[0]), re.split("[?#]", target)[0])
    kept: list[str] = []
    for part in path.replace("\\", "/").split("/"):
        match part:
            case ".":
                pass
            case "..":
                del kept[-1:]
            case _:
                kept.append(part)
    return tuple(part for part in kept if part)

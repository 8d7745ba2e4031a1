"""Addresses of media, bent: none of them may open what the true one opens, nor anything else.

An address counts as a true one where, after what every edge does to a path before anything looks at it (`paths.py`),
it is that of an object that was given out, by a grant that was given out and covers it. The query is no part of it. A
grant may end in other bits than the true one where base64url leaves them unused.
"""

from __future__ import annotations

import base64
import json
from random import Random
from typing import Final
from urllib.parse import urlsplit

from tests.security.fuzz.paths import segments

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
INSERTED: Final = (
    "/",
    "//",
    "/./",
    "/../",
    "%2e%2e/",
    "%2f",
    "%5c",
    "\\",
    ";",
    "%00",
    ".",
    "~",
    "%7e",
    ":",
    "@",
    "%25",
    "%ff",
)
QUERIES: Final = ("?", "?a=b", "?token=x", "?%00", "?/../", "?X-Amz-Signature=0", "?list-type=2", "?acl", "?uploads")
VERBS: Final = ("PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD")
HEADERS: Final = (
    {"host": "127.0.0.1"},
    {"x-original-url": "/media/v/"},
    {"x-envoy-original-path": "/media/v/"},
    {"x-http-method-override": "PUT"},
    {"authorization": "AWS4-HMAC-SHA256 Credential=x"},
    {"range": "bytes=0-0"},
    {"x-amz-copy-source": "/vidmesh-source/x"},
)


def bent(random: Random, urls: list[str]) -> tuple[str, str, dict[str, str]]:
    """Verb, path with query, and headers of a request that is no true one, but for what `same` says."""
    parts = urlsplit(random.choice(urls)).path.split("/")
    other = urlsplit(random.choice(urls)).path.split("/")
    # ["", "media", "~token", "v", video, …]
    verb, headers, query = "GET", {}, ""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        match random.randrange(9):
            case 0:
                parts[2] = "~" + _altered(random, parts[2][1:])
            case 1:
                parts[2] = _claims(random, parts[2])
            case 2:
                parts[2] = other[2]
            case 3:
                parts[4:] = other[4:]
            case 4:
                at = random.randrange(1, len(parts))
                parts[at] = _altered(random, parts[at])
            case 5:
                at = random.randrange(1, len(parts))
                parts[at] = "".join(f"%{ord(one):02x}" if random.random() < 0.3 else one for one in parts[at])
            case 6:
                at = random.randrange(1, len(parts))
                parts.insert(at, random.choice(("", ".", "..", "%2e%2e", "media", "v", "~", other[2], other[4])))
            case 7:
                query = random.choice(QUERIES)
            case _:
                verb, headers = random.choice((*VERBS, *("GET",) * 6)), dict(random.choice(HEADERS))
    return verb, "/".join(parts) + query, headers


def same(path: str, urls: list[str]) -> bool:
    """Whether this is a true address after all."""
    true = [_plain(urlsplit(url).path) for url in urls]
    mine = _plain(path)
    grants = {one[1] for one in true}
    if len(mine) < 3 or mine[1] not in grants or mine[2:] not in {one[2:] for one in true}:
        return False
    covered = json.loads(_decoded(mine[1].split(".")[1]))["pfx"]
    return mine[0] == "media" and "/".join(("", mine[0], *mine[2:])).startswith(covered)


def _plain(target: str) -> tuple[str, ...]:
    return tuple(_token(part) if part.startswith("~") else part for part in segments(target))


def _token(part: str) -> str:
    *claims, signature = part.split(".")
    try:
        return ".".join([*claims, _decoded(signature).hex()])
    except ValueError:
        return part


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _altered(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    match random.randrange(5):
        case 0:
            return text[:at]
        case 1:
            return text[:at] + random.choice(LETTERS) + text[at + 1 :]
        case 2:
            return text.swapcase()
        case 3:
            return text[at:]
        case _:
            return text[:at] + random.choice(INSERTED) + text[at:]


def _claims(random: Random, part: str) -> str:
    head, claims, signature = part[1:].split(".") if part[1:].count(".") == 2 else ("", "", "")
    try:
        plain = _decoded(claims).decode(errors="replace")
    except ValueError:
        return part[:-1]  # It was bent before.
    changes = (("/v/", "/"), ('"exp":1', '"exp":9'), ("/media/v/", "/"), ("vidmesh-media", "vidmesh"), (".1", ".2"))
    changed = base64.urlsafe_b64encode(plain.replace(*random.choice(changes)).encode()).rstrip(b"=").decode()
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return "~" + random.choice((f"{head}.{changed}.{signature}", f"{unsigned}.{changed}.", f"{unsigned}.{claims}."))

"""Where a partition stands in the order of a whole-table walk.

CQL has its own token function; SQLite uses this one. Both give a signed 64-bit integer, so shares of a
walk look alike.
"""

from __future__ import annotations

import hashlib
import struct
from functools import lru_cache
from itertools import pairwise
from typing import Final

from mesh.tables.checks import KeyValues
from mesh.tables.engine import TokenRange
from mesh.tables.errors import InvalidQuery

_FIRST: Final = -(2**63)
_MOST_SHARES: Final = 4096
_RECENT: Final = 1024
"""Tokens that are remembered: most calls come in twos or threes on one partition."""
_NUMBER: Final = struct.Struct(">q")
_LENGTH: Final = struct.Struct(">I")


@lru_cache(_RECENT)
def token_of(partition: KeyValues) -> int:
    """The token of a partition key. It is stored with every row: changing it is a new stored format.

    Never the smallest 64-bit integer, which is the open end of the first share (as in CQL).
    """
    framed = b""
    for value in partition:
        if isinstance(value, (str, bytes)):
            data = value if isinstance(value, bytes) else value.encode()
            # The length in front keeps ("ab", "c") and ("a", "bc") apart.
            framed += _LENGTH.pack(len(data)) + data
        else:
            framed += _NUMBER.pack(int(value or 0))
    token: int = _NUMBER.unpack(hashlib.blake2b(framed, digest_size=8).digest())[0]
    return max(token, _FIRST + 1)


def split_tokens(shares: int) -> list[TokenRange]:
    """All tokens in `shares` adjacent ranges of equal width. Raises InvalidQuery outside of 1 to 4096."""
    if not 1 <= shares <= _MOST_SHARES:
        raise InvalidQuery(f"{shares} shares are outside of 1 to {_MOST_SHARES}")
    edges = [_FIRST + (2**64 - 1) * share // shares for share in range(shares + 1)]
    return [TokenRange(start, stop) for start, stop in pairwise(edges)]

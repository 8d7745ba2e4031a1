"""Where the built web app lies in the object store: who publishes it and the edges that serve it find it here.

Each file is there twice, as it is and gzipped: `web/plain/<file>`, `web/gzip/<file>`. Files below `assets/` carry a
hash of their content in their name and never change; an open page of an older build goes on to find its own, until
two weeks after another one took its place (`mesh/local/pages/builds.py`).
`index.html` is written after all that it names.
"""

from __future__ import annotations

import re
from typing import Final

PLAIN: Final = "web/plain/"
GZIP: Final = "web/gzip/"
BUILD: Final = "web/build"
"""Holds the digest of all files of the build that is served. Written last."""
BUILDS: Final = "web/builds"
"""Which builds have files here, since when no longer served (JSON). No edge reads it."""
INDEX: Final = "index.html"
ASSETS: Final = "assets/"

NAME: Final = "[A-Za-z0-9_-][A-Za-z0-9._-]*"
"""Of a file. Nothing in it needs escaping, and it cannot be a dot segment."""
FILE: Final = re.compile(rf"(?:{ASSETS})?{NAME}")
"""Every file that can be served, by its path in the build."""

IMMUTABLE: Final = "public, max-age=31536000, immutable"
REVALIDATED: Final = "no-cache"
"""Kept, but asked for each time whether it is still the one."""


def cache_control(file: str) -> str:
    """How long browsers and edges keep a file of the app."""
    return IMMUTABLE if file.startswith(ASSETS) else REVALIDATED

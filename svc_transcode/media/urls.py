"""Relative URLs between objects of one video. Pure."""

from __future__ import annotations

import posixpath
import urllib.parse


def relative(path: str, folder: str) -> str:
    """The URL of `path` as seen from a manifest in `folder`, both under the same prefix."""
    return urllib.parse.quote(posixpath.relpath(path, folder))

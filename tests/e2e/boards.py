"""What a storyboard names."""

from __future__ import annotations

import re
from urllib.parse import urljoin

_SHEET = re.compile(r"^(\S+)#xywh=", re.MULTILINE)


def sheets(url: str, webvtt: str) -> set[str]:
    """The addresses of its sheets; `url` is the WebVTT file's own."""
    return {urljoin(url, name) for name in _SHEET.findall(webvtt)}

"""A video as a player reads it: all of it, by the addresses that it is given."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import httpx

from tests.e2e.people import Person


def plays(person: Person, video_id: str) -> int:
    """Fetches every playlist and every segment; the number of segments."""
    hls = str(person.playback(video_id).raise_for_status().json()["playback"]["hls_url"])
    with httpx.Client(timeout=20) as viewer:

        def names(url: str) -> list[str]:
            text = viewer.get(url).raise_for_status().text
            lines = [line for line in text.splitlines() if line and not line.startswith("#")]
            return [urljoin(url, name) for name in lines + re.findall(r'URI="([^"]+)"', text)]

        found = {name for playlist in names(hls) if ".m3u8" in playlist for name in names(playlist)}
        for name in found:
            viewer.get(name).raise_for_status()
    return len(found)

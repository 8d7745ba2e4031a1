"""What a sign-in is called in a list where the client did not name itself: the browser and the system. Pure."""

from __future__ import annotations

from typing import Final

MOST: Final = 60

# In this order: Edge and Opera say Chrome as well, and everybody says Safari. Android says Linux as well.
BROWSERS: Final = (
    ("edg", "Edge"),
    ("opr/", "Opera"),
    ("firefox", "Firefox"),
    ("fxios", "Firefox"),
    ("crios", "Chrome"),
    ("chrome", "Chrome"),
    ("safari", "Safari"),
    ("curl", "curl"),
    ("grpc-", "gRPC client"),
)
SYSTEMS: Final = (
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("android", "Android"),
    ("windows", "Windows"),
    ("mac os", "macOS"),
    ("cros", "ChromeOS"),
    ("linux", "Linux"),
)


def short_form(user_agent: str) -> str:
    """ "Firefox on Windows" for a User-Agent (RFC 9110, 10.1.5); its first word where nothing in it is known."""
    lower = user_agent.lower()
    browser = next((name for mark, name in BROWSERS if mark in lower), "")
    system = next((name for mark, name in SYSTEMS if mark in lower), "")
    if browser and system:
        return f"{browser} on {system}"
    words = user_agent.split("/", maxsplit=1)[0].split()
    first = "".join(character for character in (words[0] if words else "") if character.isprintable())
    return browser or system or first[:MOST]

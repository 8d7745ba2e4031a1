"""What earlier answers named: ids, etags, cursors and codes, by the names of their fields."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from google.protobuf.message import Message

KEPT: Final = 40
"""Newest values of one name; the scene's own are always kept."""
SAME: Final[Mapping[str, tuple[str, ...]]] = {
    "page_token": ("next_page_token",),
    "video_ids": ("video_id",),
    "channel": ("channel_id", "handle"),
    "cursor": ("resume_cursor", "cursor"),
}
"""Fields that take what fields of other names give."""
LONGEST: Final = 4_000
NEVER: Final = frozenset({"access_token", "refresh_token", "secret", "service_token"})
"""What somebody is by, which other callers must not come to have: SignOut would end the scene's own sign-ins."""


class Pool:
    """Grows while the program runs."""

    def __init__(self, pinned: Mapping[str, tuple[str, ...]]) -> None:
        self._pinned = pinned
        self._found: dict[str, deque[str]] = {}

    def draw(self, random: Random, name: str) -> str | None:
        """A value for a field of this name; None where none is known."""
        names = SAME.get(name, (name,))
        name = random.choice(names)
        pinned, found = self._pinned.get(name, ()), self._found.get(name)
        if pinned and (not found or random.random() < 0.7):
            return random.choice(pinned)
        return random.choice(found) if found else None

    def harvest(self, answer: Message) -> None:
        """Take every text that an answer holds."""
        for field, value in answer.ListFields():
            if field.type == field.TYPE_STRING:
                self._keep(field.name, value)
            elif field.type == field.TYPE_MESSAGE and not (
                field.message_type is not None and field.message_type.GetOptions().map_entry
            ):
                several: Any = [value] if isinstance(value, Message) else list(value)[:3]
                for one in several:
                    self.harvest(one)

    def _keep(self, name: str, value: Any) -> None:
        texts = [value] if isinstance(value, str) else list(value)[:3]
        for text in texts:
            if text and len(text) < LONGEST and name not in NEVER:
                self._found.setdefault(name, deque(maxlen=KEPT)).append(text)

"""What can go wrong with a stack, told to a person."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot be started, found or stopped. The message is one sentence; `details` are log lines behind it."""

    def __init__(self, sentence: str, details: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.details = details

"""How long the supervisor waits before it starts a part again."""

from __future__ import annotations

from typing import Final

FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 10.0
SETTLED: Final = 3.0
"""A part that was ready for this many seconds had nothing in itself that kept it from its work."""


class Backoff:
    """The delays of one part, in seconds.

    After a run in which it was ready for `SETTLED` the part starts again at once, and what went before is forgotten:
    something befell it. After any other run, one that never got ready above all, the delay is twice the last one,
    from `FIRST_DELAY` up to `LONGEST_DELAY`: the part may be at fault, and starting it costs others their time.
    """

    def __init__(self) -> None:
        self._next = FIRST_DELAY

    def after(self, ready_for: float) -> float:
        """The delay after a run that ended after this many seconds of being ready; 0 where it never was."""
        if ready_for >= SETTLED:
            self._next = FIRST_DELAY
            return 0.0
        delay, self._next = self._next, min(self._next * 2, LONGEST_DELAY)
        return delay

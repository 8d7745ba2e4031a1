"""The certificate that edges show, followed when it is renewed.

A pair that an edge could not use never reaches one: it would refuse it, and a new edge would not listen at all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mesh.certificates import Certificate, CertificateFiles
from mesh.config import ConfigurationError

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

LOOK_EVERY: Final = timedelta(seconds=2)
SAY_EVERY: Final = timedelta(days=1)
"""Between two words about a certificate whose end is near, or past."""


class Reminder:
    """Says in the log that a certificate has to be renewed: at once, when it is shown, and every day."""

    def __init__(
        self, log: FilteringBoundLogger, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`now` is compared with the certificate's end; `clock`, seconds, only measures how long ago it was said."""
        self._log = log
        self._now = now
        self._clock = clock
        self._said = ("", 0.0)

    def look(self, shown: Certificate) -> None:
        """Say it where it is due."""
        concern = shown.concern(self._now())
        before, at = self._said
        if concern and (concern != before or self._clock() - at >= SAY_EVERY.total_seconds()):
            # An edge goes on showing it: to refuse everybody would help nobody, and a renewed pair is shown at once.
            self._log.warning("the certificate has to be renewed", why=concern, expires=shown.expires.isoformat())
            self._said = (concern, self._clock())
        elif not concern:
            self._said = ("", 0.0)


def seconds_left(shown: Certificate, now: datetime) -> float:
    """Until its end; negative behind it."""
    return (shown.expires - now).total_seconds()


async def follow(
    files: CertificateFiles, shown: Certificate, show: Callable[[Certificate], None], log: FilteringBoundLogger
) -> None:
    """Until cancelled: `show` every pair that differs from the one before. A bad one is logged and passed over, and one
    that has to be renewed is shown and spoken of every day.
    """
    complaint = ""
    reminder = Reminder(log, lambda: datetime.now(UTC))
    while True:
        try:
            found = await asyncio.to_thread(files.read)
        except ConfigurationError as error:
            # Half of a renewed pair may be there a moment before the other.
            if str(error) != complaint:
                log.warning("keeping the certificate of the edge", why=str(error))
            complaint = str(error)
        else:
            complaint = ""
            if found != shown:
                show(found)
            shown = found
        reminder.look(shown)
        await asyncio.sleep(LOOK_EVERY.total_seconds())

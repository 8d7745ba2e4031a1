"""The certificate that edges show, followed when it is renewed.

A pair that an edge could not use never reaches one: it would refuse it, and a new edge would not listen at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mesh.certificates import Certificate, CertificateFiles
from mesh.config import ConfigurationError

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

LOOK_EVERY: Final = timedelta(seconds=2)


async def follow(
    files: CertificateFiles, shown: Certificate, show: Callable[[Certificate], None], log: FilteringBoundLogger
) -> None:
    """Until cancelled: `show` every pair that differs from the one before. A bad one is logged and passed over."""
    complaint = ""
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
        await asyncio.sleep(LOOK_EVERY.total_seconds())

"""Ordinary turns on a processor, whatever an encoder asks for."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def ordinary_turns() -> Generator[None]:
    """Gives this thread its ordinary turns on a processor again, however the block ends.

    Where root opens it, SVT-AV1 puts the thread that does so before everything else on the machine (SCHED_FIFO, 99),
    and all that is started from there inherits that.
    """
    try:
        yield
    finally:
        if sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))

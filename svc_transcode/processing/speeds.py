"""How fast workers encode, measured by this process from the jobs that it sees begin and end."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from svc_transcode.processing.passes import CORE_SPEED

WEIGHT: Final = 0.2
"""Of the newest job in the average."""
REMEMBERED: Final = 10_000
"""Jobs that are under way."""


class Speeds:
    """A moving average; lost with the process, which then begins with what is usual."""

    def __init__(self, workers: Callable[[], int], clock: Callable[[], float]) -> None:
        """`workers`: how many are at work; `clock`: seconds, monotonic."""
        self._workers = workers
        self._clock = clock
        self._each = CORE_SPEED
        self._began: OrderedDict[str, float] = OrderedDict()

    @property
    def pixels_a_second(self) -> float:
        """That all workers encode together."""
        return self._each * max(1, self._workers())

    def began(self, job_id: str) -> None:
        """An attempt of the job began."""
        self._began[job_id] = self._clock()
        self._began.move_to_end(job_id)
        if len(self._began) > REMEMBERED:
            self._began.popitem(last=False)

    def ended(self, job_id: str, pixels: int = 0) -> None:
        """The job encoded so many pixels; 0 where it does not count."""
        began = self._began.pop(job_id, None)
        if began is not None and pixels > 0:
            seconds = max(self._clock() - began, 1e-3)
            self._each += WEIGHT * (pixels / seconds - self._each)

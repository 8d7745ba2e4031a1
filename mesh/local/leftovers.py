"""Processes of a stack whose supervisor ended without stopping them.

On Linux the system kills them with it. Elsewhere, and for their own children, this looks at what was written down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesh.local.spawn import kill_group

if TYPE_CHECKING:
    from mesh.local.datadir import DataDir
    from mesh.local.state import PartState

SLACK = 5.0
"""Seconds by which the noted start and the system's differ at most. A process number used again is far later."""


def kill_leftovers(data: DataDir) -> int:
    """Kills what is left of the stack that last ran on this data; how many processes that were."""
    from mesh.local.state import recorded_state

    state = recorded_state(data)
    left = [part for part in state.parts if is_alive(part)] if state else []
    for part in left:
        kill_group(part.pid)
    return len(left)


def is_alive(part: PartState) -> bool:
    """Whether the very process that was noted still lives."""
    import psutil

    if part.pid == 0:
        return False
    try:
        process = psutil.Process(part.pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - part.started) < SLACK
    except psutil.NoSuchProcess:
        return False

"""Facts that are published if and only if the change they tell of was made.

A table and the bus cannot change together, so a change and its events go into one row by one compare-and-set, and
the events are published from there:

1. a hint is written (which row to look at), in a table of its own;
2. the change is made, and its events are appended to the row's `pending_events`;
3. the events are published, with ids that were settled in step 2;
4. `pending_events` is cleared, if nothing was appended meanwhile; the hint is deleted.

A process may die after any step. Whoever finds the hint later goes on: publishing again gives the same ids, and
without step 2 there is nothing to publish.
"""

from __future__ import annotations

from mesh.bus.outbox.outbox import Outbox
from mesh.bus.outbox.pending import PENDING_EVENTS
from mesh.bus.outbox.table import outbox_table

__all__ = ["PENDING_EVENTS", "Outbox", "outbox_table"]

"""Which videos count, and their sums."""

from __future__ import annotations

from typing import Final

from mesh.tables import Table, boolean, integer, text, timestamp

GENERATION: Final = integer("generation")
"""Of the video, by the newest event that was heard of."""
COUNTED: Final = boolean("counted")
VIDEO_COUNT: Final = integer("video_count", static=True)

COUNTED_VIDEOS: Final = Table(
    "counted_videos",
    columns=(text("channel_id"), text("video_id"), GENERATION, COUNTED, VIDEO_COUNT),
    partition_key=("channel_id",),
    clustering_key=("video_id",),
    expiring=True,
)
"""The videos of a channel, and in the static column how many of them count: exact, because both change in one
compare-and-set. The row of a purged video outlives it for a day, so that what is still said of it counts for nothing.
"""

REBUILDS: Final = Table("rebuilds", columns=(text("read_model"), timestamp("done_time")), partition_key=("read_model",))
"""Read models that have been made of everything that was there before their events were heard."""

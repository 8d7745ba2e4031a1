"""What was made before of the same bytes, so that it need not be made again.

Who uploads a file twice pays for one encode, whichever of the two videos is deleted first: a worker copies the files,
so each video has its own. Only what the same channel has is looked at. Otherwise how soon a video is done would tell a
stranger that somebody has the same file, and whoever can take a decoder over could leave pictures to others.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from mesh.tables import Tables, blob, text
from svc_transcode.processing.model import JobRow, JobState, Kind, Made, TrackState
from svc_transcode.processing.store import ProcessingStore
from svc_transcode.processing.tables import EARLIER

KINDS = frozenset({Kind.VIDEO, Kind.AUDIO, Kind.THUMBNAILS})
"""Jobs that depend on their order, on the source's bytes and on the encoder, and on nothing else."""

_VIDEO, _JOB, _ENCODER, _DIGEST = text("video_id"), text("job"), text("encoder"), text("digest")
_NUMBERS = blob("numbers")


@dataclass(frozen=True, slots=True)
class Read:
    """What an attempt read."""

    encoder: str
    numbers: tuple[int, ...]
    """Of parts, from 1."""
    digest: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a job like this one made."""

    video_id: str
    made: Made
    read: Read


class Earlier:
    """Results of jobs by what they do."""

    def __init__(self, tables: Tables, store: ProcessingStore, offered: bool) -> None:
        """`offered`: whether anything is told of them."""
        self._tables = tables
        self._store = store
        self._offered = offered

    async def find(self, video_id: str, job: JobRow, encoder: str) -> Found | None:
        """What the same job made of another video of the channel, if that is still there and good."""
        head = await self._store.head(video_id)
        if head is None or not (self._offered and encoder) or job.kind not in KINDS:
            return None
        row = await self._tables.get(EARLIER, {"key": key(head.value.channel_id, encoder, job)})
        if row is None or _VIDEO.of(row) == video_id:
            # Its own would be what could not be read back.
            return None
        other = await self._store.head(_VIDEO.of(row))
        done = await self._store.job(_VIDEO.of(row), _JOB.of(row))
        if other is None or done is None or done.value.state is not JobState.DONE or done.value.made is None:
            return None
        if any(other.value.track(name).state is TrackState.FAILED for name in done.value.tracks):
            return None
        read = Read(_ENCODER.of(row), tuple(json.loads(_NUMBERS.of(row))), _DIGEST.of(row))
        return Found(_VIDEO.of(row), done.value.made, read)

    async def keep(self, video_id: str, job: JobRow, read: Read) -> None:
        """A job is done. What is forgotten by a crash is made again."""
        head = await self._store.head(video_id)
        if head is None or not read.encoder or not read.digest or job.kind not in KINDS:
            return
        row = {
            "key": key(head.value.channel_id, read.encoder, job),
            "video_id": video_id,
            "job": job.name,
            "encoder": read.encoder,
            "numbers": json.dumps(read.numbers, separators=(",", ":")).encode(),
            "digest": read.digest,
        }
        await self._tables.put(EARLIER, row, durable=False)


def key(channel_id: str, encoder: str, job: JobRow) -> str:
    """What jobs have in common that make the same of the same bytes."""
    return hashlib.sha256("\n".join((channel_id, encoder, job.kind, job.spec)).encode()).hexdigest()

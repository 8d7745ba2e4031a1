"""The media child process: one job, told on stdin, answered on stdout (see `wire`).

It confines itself before it imports a decoder, writes into its work directory alone, and ends.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from mesh.confinement.confine import Bounds, confine
from svc_transcode.media import jobs, wire
from svc_transcode.media.errors import MediaRejected, PartUnavailable, Spent
from svc_transcode.media.limits import die_with_parent, restrict_self
from svc_transcode.media.memory import is_of_memory
from svc_transcode.media.parts import PartReader

_CODE: Final = Path(__file__).resolve().parents[1]
_RESERVE: Final = 8 << 20
"""Bytes kept to say with that there is no memory left."""


class Parent:
    """The other end of the pipes."""

    def __init__(self, hears: BinaryIO, says: BinaryIO) -> None:
        self._hears, self._says = hears, says

    def order(self) -> wire.Order:
        return jobs.from_json(wire.ORDER, self._listen())

    def fetch(self, part: int) -> Path:
        """Asks for a part and waits. Raises PartUnavailable."""
        self.say(wire.Need(part))
        match jobs.from_json(wire.ANSWER, self._listen()):
            case wire.Here(path):
                return Path(path)
            case wire.Gone(why):
                raise PartUnavailable(part, why)

    def progress(self, done: int) -> None:
        self.say(wire.Progress(done))

    def say(self, word: wire.Word) -> None:
        self._says.write(jobs.to_json(wire.WORD, word).encode() + b"\n")
        self._says.flush()

    def _listen(self) -> bytes:
        line = self._hears.readline()
        if not line:
            sys.exit("the parent is gone")
        return line


def save(path: str, data: bytes) -> jobs.File:
    """Writes a file under the work directory, which is the current one."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return jobs.File(path, len(data), hashlib.sha256(data).hexdigest())


def perform(job: jobs.Job, reader: PartReader, parent: Parent) -> jobs.Result:  # noqa: PLR0911 (a table)
    """Does the job. Only what it needs of the media half is imported, and only now."""
    match job:
        case jobs.ProbeJob(source):
            from svc_transcode.media.probe import examine

            info, chapters = examine(reader, source.bounds)
            if not job.measured:
                return jobs.Probed(info, chapters=chapters)
            from svc_transcode.media.sampling import sampled

            return jobs.Probed(info, sampled(info, reader, source.bounds), chapters)
        case jobs.VideoJob():
            from svc_transcode.media.encode import encode_chunk

            return encode_chunk(job, reader, save, parent.progress)
        case jobs.AudioJob():
            from svc_transcode.media.audio import encode_audio

            return encode_audio(job, reader, save, parent.progress)
        case jobs.ThumbnailJob():
            from svc_transcode.media.thumbnail import take_thumbnails

            return take_thumbnails(job, reader, save, parent.progress)
        case jobs.VerifyJob():
            from svc_transcode.media.verify import verify

            return verify(job, reader)
        case jobs.StoryboardJob():
            from svc_transcode.media.sheets import make_sheets

            return make_sheets(job, reader, save, parent.progress)
        case jobs.DownloadJob():
            from svc_transcode.media.progressive import assemble

            return assemble(job, reader, Path(), parent.progress)
        case jobs.CaptionsJob():
            from svc_transcode.media.subtitles import extract

            return extract(job, reader, save)
        case jobs.EncodersJob(names):
            from svc_transcode.media.encoders import working

            return jobs.EncodersFound(working(names))
        case jobs.PictureJob():
            from svc_transcode.media.pictures.redraw import redraw

            return redraw(job, reader, save)


def lock_in(order: wire.Order) -> None:
    """Gives up what media code does not need, for good: the work directory (the current one) is what stays its own."""
    restrict_self(order.limits)
    confine(Bounds(readable=(Path(order.sources), _CODE), writable=(Path.cwd(),), tasks=order.limits.tasks))
    die_with_parent(order.parent)  # last: a change of credentials would undo it


def main() -> NoReturn:
    parent = Parent(sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is not the protocol
    order = parent.order()
    lock_in(order)
    reserve = bytearray(_RESERVE)
    try:
        with PartReader(order.job.source.part_sizes, parent.fetch) as reader:
            word: wire.Word = wire.Done(perform(order.job, reader, parent))
    except MediaRejected as refused:
        word = wire.Rejected(refused.reason, refused.sentence)
    except PartUnavailable as gone:
        word = wire.Unavailable(gone.index, gone.why)
    except Exception as failure:
        if not is_of_memory(failure):
            raise
        del reserve
        word = wire.Exhausted(Spent.MEMORY)
    parent.say(word)
    # Codecs' own threads and destructors have nothing left to do that could matter.
    os._exit(0)


if __name__ == "__main__":
    main()

"""Segments of two tracks as one progressive MP4, its index in front (ISO/IEC 14496-12): a file to keep. Pure but for
the file that it writes.

No sample is decoded or changed: coded bytes are copied segment by segment, sound beside the picture that it belongs to,
and the tables of `moov` are written anew from what the fragments say. Room for these is kept in front, by the number of
samples, and what is left of it is a `free` box: so everything is read once, written once, and never held.
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from svc_transcode.media.boxes import Box, BoxError, boxes, find
from svc_transcode.media.codecs import timescale_of
from svc_transcode.media.fragment import Sample, samples
from svc_transcode.media.jobs import DownloadJob, DownloadMade, File

MOVIE_TIMESCALE: Final = 90_000

_A_SAMPLE, _A_SEGMENT, _BOXES = 24, 32, 8192
"""Bytes of tables, at most: for each sample, for each segment, and for all else."""
_SLICE = 1 << 20
_UNITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_OF_TRACK = 60  # bytes of tkhd behind its times (8.3.2.2)


class Reader(Protocol):
    """The segments, one behind the other."""

    def read(self, size: int = -1) -> bytes:
        """Fewer at the edge of a part."""
        ...

    def seek(self, offset: int, whence: int = 0) -> int:
        """To where the next bytes are read."""
        ...


@dataclass(slots=True)
class _Runs:
    """Equal values that follow each other, as stts and ctts have them."""

    counts: array[int] = field(default_factory=lambda: array("I"))
    values: array[int] = field(default_factory=lambda: array("q"))

    def add(self, value: int) -> None:
        if self.values and self.values[-1] == value:
            self.counts[-1] += 1
        else:
            self.counts.append(1)
            self.values.append(value)

    def replace_last(self, value: int) -> None:
        self.counts[-1] -= 1
        if not self.counts[-1]:
            self.counts.pop()
            self.values.pop()
        self.add(value)


class _Track:
    """A track as it is read: what it is, and its tables so far."""

    def __init__(self, init: bytes, is_picture: bool) -> None:
        self.init, self.is_picture = init, is_picture
        self.timescale = timescale_of(init)
        self.begin = 0
        self.end = 0
        """Decode times, in ticks."""
        self._durations, self._offsets = _Runs(), _Runs()
        self._sizes, self._chunks, self._in_chunk, self._sync = array("I"), array("I"), array("I"), array("I")
        self._last: Sample | None = None

    def add(self, found: list[Sample], at: int) -> None:
        """A segment, whose samples were written from byte `at` on."""
        if self._last is None:
            self.begin = found[0].decode_time
        elif self.end != found[0].decode_time:
            self._durations.replace_last(max(0, found[0].decode_time - self._last.decode_time))
        for sample in found:
            self._durations.add(sample.duration)
            self._offsets.add(sample.presentation_time - sample.decode_time)
            self._sizes.append(sample.size)
            if sample.sync:
                self._sync.append(len(self._sizes))
        self._last = found[-1]
        self.end = self._last.decode_time + self._last.duration
        self._chunks.append(at)
        self._in_chunk.append(len(found))

    def box(self, number: int) -> tuple[bytes, int]:
        """trak, and its duration on the movie's clock."""
        # Offsets are not negative, which older players want: the edit takes away what all are later by.
        shift = max(0, -min(self._offsets.values))
        late = self.begin - shift - _skipped(self.init)
        media = self.end - self.begin
        shown = self._movie(media + shift + min(0, late))
        duration = shown + self._movie(max(0, late))
        edits = [(self._movie(late), -1), (shown, 0)] if late > 0 else [(shown, -late)]
        elst = b"".join(struct.pack(">QqI", length, time, 0x10000) for length, time in edits)
        mdia = find(self.init, "moov", "trak", "mdia")
        mdhd, minf = find(self.init, "moov", "trak", "mdia", "mdhd"), find(self.init, "moov", "trak", "mdia", "minf")
        language = self.init[mdhd.end - 4 : mdhd.end - 2]
        header = struct.pack(">IQQIQ", 1 << 24, 0, 0, self.timescale, media) + language + bytes(2)
        inner = b"".join(_copied(self.init, one) for one in _children(self.init, minf) if one.kind != "stbl")
        trak = _box(b"tkhd", self._header(number, duration)) + _box(b"edts", _full(b"elst", 1, len(edits), elst))
        trak += _box(
            b"mdia",
            _box(b"mdhd", header)
            + b"".join(_copied(self.init, one) for one in _children(self.init, mdia) if one.kind == "hdlr")
            + _box(b"minf", inner + _box(b"stbl", self._tables(shift))),
        )
        return _box(b"trak", trak), duration

    def _movie(self, ticks: int) -> int:
        return ticks * MOVIE_TIMESCALE // self.timescale

    def _header(self, number: int, duration: int) -> bytes:
        tkhd = find(self.init, "moov", "trak", "tkhd")
        shown = struct.pack(">IQQIIQ", 1 << 24 | 3, 0, 0, number, 0, duration)
        return shown + self.init[tkhd.end - _OF_TRACK : tkhd.end]

    def _tables(self, shift: int) -> bytes:
        durations, offsets = self._durations, self._offsets
        stsd = find(self.init, "moov", "trak", "mdia", "minf", "stbl", "stsd")
        made = _copied(self.init, stsd)
        made += _full(b"stts", 0, len(durations.counts), _pairs(durations.counts, durations.values))
        if any(value + shift for value in offsets.values):
            moved = array("q", (value + shift for value in offsets.values))
            made += _full(b"ctts", 0, len(moved), _pairs(offsets.counts, moved))
        if self.is_picture:
            made += _full(b"stss", 0, len(self._sync), _big(self._sync))
        runs = [at for at, count in enumerate(self._in_chunk) if at == 0 or count != self._in_chunk[at - 1]]
        chunks = b"".join(struct.pack(">III", at + 1, self._in_chunk[at], 1) for at in runs)
        made += _full(b"stsc", 0, len(runs), chunks)
        made += _box(b"stsz", struct.pack(">III", 0, 0, len(self._sizes)) + _big(self._sizes))
        return made + _full(b"stco", 0, len(self._chunks), _big(self._chunks))


class _Segments:
    """The segments of a track, read one after the other."""

    def __init__(self, reader: Reader, at: int, sizes: tuple[int, ...], is_picture: bool) -> None:
        self._reader, self._at, self._sizes = reader, at, sizes
        self._next = 0
        self.track = _Track(self._read(), is_picture)
        self.waiting: tuple[list[Sample], bytes] | None = None
        self.advance()

    def advance(self) -> None:
        """Reads the next segment; `waiting` is None behind the last one."""
        self.waiting = None
        while self.waiting is None and self._next < len(self._sizes):
            fragment = self._read()
            found, mdat = samples(fragment), find(fragment, "mdat")
            if sum(sample.size for sample in found) != mdat.end - mdat.content:
                raise BoxError("a segment's samples are not all that is in it")
            if found:
                self.waiting = found, fragment[mdat.content : mdat.end]

    @property
    def time(self) -> float:
        """Of the segment that waits, in seconds."""
        return self.waiting[0][0].decode_time / self.track.timescale if self.waiting else 0.0

    def _read(self) -> bytes:
        size, data = self._sizes[self._next], bytearray()
        self._reader.seek(self._at)
        while len(data) < size:
            if not (read := self._reader.read(size - len(data))):
                raise BoxError("the segments end before their end")
            data += read
        self._at, self._next = self._at + size, self._next + 1
        return bytes(data)


def assemble(job: DownloadJob, reader: Reader, folder: Path, progress: Callable[[int], None]) -> DownloadMade:
    """Writes the file into a folder.

    Raises BoxError where the segments are not what they should be, PartUnavailable, OSError.
    """
    sizes, cut = job.source.part_sizes, job.pictures
    tracks = [_Segments(reader, 0, sizes[:cut], True)]
    if sizes[cut:]:
        tracks.append(_Segments(reader, sum(sizes[:cut]), sizes[cut:], False))
    front = _BOXES + sum(len(one.track.init) for one in tracks) + _A_SAMPLE * job.samples + _A_SEGMENT * len(sizes)
    with (folder / job.name).open("w+b") as file:
        file.seek(front + 16)
        at = front + 16
        for done, one in enumerate(_in_turn(tracks), 1):
            assert one.waiting is not None  # noqa: S101  # whose turn it is has one
            found, data = one.waiting
            one.track.add(found, at)
            at += file.write(data)
            one.advance()
            progress(done)
        index = _box(b"ftyp", b"isom" + struct.pack(">I", 512) + b"isomiso2mp41") + _moov([one.track for one in tracks])
        if len(index) + 8 > front:
            raise BoxError(f"an index of {len(index)} bytes for {job.samples} samples")
        file.seek(0)
        file.write(index + _box(b"free", bytes(front - len(index) - 8)))
        file.write(struct.pack(">I4sQ", 1, b"mdat", at - front))
        return DownloadMade(File(job.name, at, _digest(file)))


def _in_turn(tracks: list[_Segments]) -> Iterator[_Segments]:
    while ready := [one for one in tracks if one.waiting]:
        yield min(ready, key=lambda one: one.time)


def _moov(tracks: list[_Track]) -> bytes:
    made = [track.box(number) for number, track in enumerate(tracks, 1)]
    duration = max(duration for _, duration in made)
    times = struct.pack(">IQQIQ", 1 << 24, 0, 0, MOVIE_TIMESCALE, duration)
    mvhd = times + struct.pack(">IH10x", 0x10000, 0x100) + _UNITY + bytes(24) + struct.pack(">I", len(tracks) + 1)
    return _box(b"moov", _box(b"mvhd", mvhd) + b"".join(trak for trak, _ in made))


def _skipped(init: bytes) -> int:
    """What the track's own edit takes away at its beginning, in ticks: the priming of sound."""
    try:
        elst = find(init, "moov", "trak", "edts", "elst")
    except BoxError:
        return 0
    wide = init[elst.content] == 1
    time: int = struct.unpack_from(">q" if wide else ">i", init, elst.content + (16 if wide else 12))[0]
    return max(0, time)


def _children(data: bytes, parent: Box) -> Iterator[Box]:
    return boxes(data, parent.content, parent.end)


def _copied(data: bytes, box: Box) -> bytes:
    return data[box.start : box.end]


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _full(kind: bytes, version: int, count: int, entries: bytes) -> bytes:
    return _box(kind, struct.pack(">II", version << 24, count) + entries)


def _pairs(counts: array[int], values: array[int]) -> bytes:
    return b"".join(struct.pack(">II", count, value) for count, value in zip(counts, values, strict=True))


def _big(values: array[int]) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while data := file.read(_SLICE):
        digest.update(data)
    return digest.hexdigest()

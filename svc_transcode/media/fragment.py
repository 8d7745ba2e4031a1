"""Movie fragments with one track (ISO/IEC 14496-12, 8.8): reads their samples and writes them anew. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from svc_transcode.media.boxes import Box, BoxError, Buffer, boxes, find

# tfhd flags (8.8.7.1)
_BASE_DATA_OFFSET, _SAMPLE_DESCRIPTION = 0x01, 0x02
_DEFAULT_DURATION, _DEFAULT_SIZE, _DEFAULT_FLAGS = 0x08, 0x10, 0x20
_DEFAULT_BASE_IS_MOOF = 0x020000
# trun flags (8.8.8.1)
_DATA_OFFSET, _FIRST_SAMPLE_FLAGS = 0x001, 0x004
_DURATIONS, _SIZES, _FLAGS, _COMPOSITION_OFFSETS = 0x100, 0x200, 0x400, 0x800
# sample flags (8.8.3.1)
_NON_SYNC = 0x10000


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample, in decoding order; times in ticks of the track."""

    decode_time: int
    presentation_time: int
    duration: int
    size: int
    flags: int

    @property
    def sync(self) -> bool:
        return not self.flags & _NON_SYNC


@dataclass(frozen=True, slots=True)
class _Defaults:
    duration: int
    size: int
    flags: int


def decode_time(fragment: Buffer) -> int:
    """tfdt: the decode time of the first sample, in ticks."""
    box = find(fragment, "moof", "traf", "tfdt")
    return struct.unpack_from(">Q" if fragment[box.content] else ">I", fragment, box.content + 4)[0]


def set_decode_time(fragment: bytearray, time: int) -> None:
    """tfdt: where the fragment is on the track's timeline, in ticks. Raises BoxError where it does not fit."""
    box = find(fragment, "moof", "traf", "tfdt")
    if not fragment[box.content] and time >= 1 << 32:
        raise BoxError(f"a decode time of {time} ticks does not fit its box")
    struct.pack_into(">Q" if fragment[box.content] else ">I", fragment, box.content + 4, time)


def samples(fragment: Buffer) -> list[Sample]:
    """Every sample of the one track. Defaults are taken from tfhd alone, where this muxer writes them."""
    defaults = _defaults(fragment)
    time = decode_time(fragment)
    found: list[Sample] = []
    traf = find(fragment, "moof", "traf")
    for box in boxes(fragment, traf.content, traf.end):
        if box.kind == "trun":
            for duration, size, flags, offset in _run(fragment, box, defaults):
                found.append(Sample(time, time + offset, duration, size, flags))
                time += duration
    return found


def set_sequence_number(fragment: bytearray, number: int) -> None:
    """mfhd: players use it to notice missing fragments, so it has to go on from chunk to chunk."""
    box = find(fragment, "moof", "mfhd")
    struct.pack_into(">I", fragment, box.content + 4, number)


def retimed(fragment: Buffer, number: int, end: int) -> bytes:
    """The fragment with sequence number `number` and decode times that begin at its first picture and end at `end`.

    Decode times become the presentation times in ascending order; composition offsets (which may be negative, as
    CMAF allows) make up the difference, so no presentation time changes. An encoder's own decode times depend on
    how the first frames after ITS start were spaced, which would make chunks overlap where the frame rate varies.
    Raises BoxError where `end` is not after the last picture.
    """
    found = samples(fragment)
    times = [*sorted(sample.presentation_time for sample in found), end]
    if len(times) == 1 or times[-2] >= end:
        raise BoxError(f"a fragment cannot end at {end}: {len(found)} samples to {times[-2:][0]}")
    retimed_samples = [
        Sample(time, sample.presentation_time, following - time, sample.size, sample.flags)
        for sample, time, following in zip(found, times[:-1], times[1:], strict=True)
    ]
    track = find(fragment, "moof", "traf", "tfhd").content + 4
    mdat = find(fragment, "mdat")
    data = bytes(fragment[mdat.content : mdat.end])
    return _moof(number, bytes(fragment[track : track + 4]), retimed_samples) + _box(b"mdat", data)


def _moof(number: int, track_id: bytes, found: Sequence[Sample]) -> bytes:
    header = _box(b"mfhd", struct.pack(">II", 0, number))
    tfhd = _box(b"tfhd", struct.pack(">I", _DEFAULT_BASE_IS_MOOF) + track_id)
    tfdt = _box(b"tfdt", struct.pack(">IQ", 1 << 24, found[0].decode_time))
    records = b"".join(
        struct.pack(">IIIi", s.duration, s.size, s.flags, s.presentation_time - s.decode_time) for s in found
    )

    def whole(data_offset: int) -> bytes:
        flags = _DATA_OFFSET | _DURATIONS | _SIZES | _FLAGS | _COMPOSITION_OFFSETS
        trun = _box(b"trun", struct.pack(">IIi", 1 << 24 | flags, len(found), data_offset) + records)
        return _box(b"moof", header + _box(b"traf", tfhd + tfdt + trun))

    return whole(len(whole(0)) + 8)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _defaults(fragment: Buffer) -> _Defaults:
    box = find(fragment, "moof", "traf", "tfhd")
    flags = struct.unpack_from(">I", fragment, box.content)[0] & 0xFFFFFF
    at = box.content + 8
    at += 8 * bool(flags & _BASE_DATA_OFFSET) + 4 * bool(flags & _SAMPLE_DESCRIPTION)
    values: list[int] = []
    for flag in (_DEFAULT_DURATION, _DEFAULT_SIZE, _DEFAULT_FLAGS):
        values.append(struct.unpack_from(">I", fragment, at)[0] if flags & flag else 0)
        at += 4 * bool(flags & flag)
    return _Defaults(*values)


def _run(fragment: Buffer, run: Box, defaults: _Defaults) -> Iterator[tuple[int, int, int, int]]:
    """Duration, size, flags and composition offset of each sample of a trun."""
    flags = struct.unpack_from(">I", fragment, run.content)[0] & 0xFFFFFF
    count = struct.unpack_from(">I", fragment, run.content + 4)[0]
    signed = fragment[run.content] > 0
    at = run.content + 8 + 4 * bool(flags & _DATA_OFFSET)
    first_flags = None
    if flags & _FIRST_SAMPLE_FLAGS:
        first_flags, at = struct.unpack_from(">I", fragment, at)[0], at + 4
    width = 4 * sum(bool(flags & flag) for flag in (_DURATIONS, _SIZES, _FLAGS, _COMPOSITION_OFFSETS))
    if at + width * count > run.end:
        raise BoxError(f"a run of {count} samples does not fit its box")
    for index in range(count):
        duration, size, sample_flags, composition = defaults.duration, defaults.size, defaults.flags, 0
        if index == 0 and first_flags is not None:
            sample_flags = first_flags
        if flags & _DURATIONS:
            duration, at = struct.unpack_from(">I", fragment, at)[0], at + 4
        if flags & _SIZES:
            size, at = struct.unpack_from(">I", fragment, at)[0], at + 4
        if flags & _FLAGS:
            sample_flags, at = struct.unpack_from(">I", fragment, at)[0], at + 4
        if flags & _COMPOSITION_OFFSETS:
            composition, at = struct.unpack_from(">i" if signed else ">I", fragment, at)[0], at + 4
        yield duration, size, sample_flags, composition

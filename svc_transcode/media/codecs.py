"""RFC 6381 codec strings, read from the init segment that was made. Pure."""

from __future__ import annotations

import struct

from svc_transcode.media.boxes import Box, BoxError, Buffer, boxes, find

_STSD = ("moov", "trak", "mdia", "minf", "stbl", "stsd")
_VISUAL_ENTRY = 78  # bytes of VisualSampleEntry before its boxes (ISO/IEC 14496-12, 12.1.3)
_AUDIO_ENTRY = 28  # AudioSampleEntry, version 0 (12.2.3)
_ES, _DECODER_CONFIG, _DECODER_SPECIFIC = 3, 4, 5  # descriptor tags (ISO/IEC 14496-1, 7.2.2.1)
_EXTENDED_OBJECT_TYPE = 31


def codec_of(init: Buffer) -> str:
    """ "avc1.64001f", "av01.0.08M.08" or "mp4a.40.2", for the first track of an init segment. Raises BoxError for
    anything else.
    """
    stsd = find(init, *_STSD)
    entry = next(boxes(init, stsd.content + 8, stsd.end), None)
    match entry:
        case Box(kind="avc1" | "avc3"):
            avcc = _child(init, entry, _VISUAL_ENTRY, "avcC")
            return f"{entry.kind}.{init[avcc.content + 1 : avcc.content + 4].hex()}"
        case Box(kind="av01"):
            av1c = _child(init, entry, _VISUAL_ENTRY, "av1C")
            return _av01(init[av1c.content + 1], init[av1c.content + 2])
        case Box(kind="mp4a"):
            esds = _child(init, entry, _AUDIO_ENTRY, "esds")
            return _mp4a(init, esds.content + 4, esds.end)
        case _:
            raise BoxError(f"no known codec in {entry}")


def timescale_of(init: Buffer) -> int:
    """Ticks a second of the first track (mdhd)."""
    box = find(init, "moov", "trak", "mdia", "mdhd")
    return struct.unpack_from(">I", init, box.content + (20 if init[box.content] else 12))[0]


def _child(data: Buffer, entry: Box, skip: int, kind: str) -> Box:
    for box in boxes(data, entry.content + skip, entry.end):
        if box.kind == kind:
            return box
    raise BoxError(f"no {kind} in {entry.kind}")


def _av01(profile_and_level: int, flags: int) -> str:
    """AV1 Codec ISO Media File Format Binding, 5: profile, level and tier, bits of a sample."""
    profile, level = profile_and_level >> 5, profile_and_level & 0x1F
    tier = "H" if flags & 0x80 else "M"
    depth = (12 if flags & 0x20 else 10) if flags & 0x40 else 8
    return f"av01.{profile}.{level:02d}{tier}.{depth:02d}"


def _mp4a(data: Buffer, at: int, end: int) -> str:
    object_type = None
    while at < end:
        tag, at = data[at], at + 1
        length = 0
        while data[at] & 0x80:
            length, at = length << 7 | data[at] & 0x7F, at + 1
        length, at = length << 7 | data[at], at + 1
        if tag == _ES:
            flags = data[at + 2]
            at += 3 + 2 * bool(flags & 0x80) + 2 * bool(flags & 0x20)
            if flags & 0x40:
                at += 1 + data[at]
        elif tag == _DECODER_CONFIG:
            object_type, at = data[at], at + 13
        elif tag == _DECODER_SPECIFIC and object_type is not None:
            audio_type = data[at] >> 3
            if audio_type == _EXTENDED_OBJECT_TYPE:
                audio_type = 32 + ((data[at] & 7) << 3 | data[at + 1] >> 5)
            return f"mp4a.{object_type:02x}.{audio_type}"
        else:
            at += length
    raise BoxError("no decoder configuration in esds")

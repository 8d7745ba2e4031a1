"""What the first bytes of a file claim to be, to word a refusal rightly. It decides nothing else. Pure."""

from __future__ import annotations

import enum

HEAD = 1024
"""Bytes that are enough for `claim`."""

_TS_PACKET = 188
_STILL_PICTURE_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif"})
_ACCEPTED_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"})
_ACCEPTED_STARTS = (
    b"\x1a\x45\xdf\xa3",  # EBML: Matroska, WebM
    b"FLV\x01",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF
    b"\x00\x00\x01\xba",  # MPEG programme stream
)
_OTHER_VIDEO_STARTS = (
    b"OggS",
    b"\x06\x0e\x2b\x34",  # MXF
    b".RMF",
    b"YUV4MPEG2",
    b"DKIF",  # IVF
    b"FWS",  # SWF
    b"CWS",
    b"\x00\x00\x00\x01",  # a raw H.264 or HEVC stream
    b"\x00\x00\x01\xb3",  # a raw MPEG video stream
)


class Claim(enum.Enum):
    ACCEPTED_VIDEO = enum.auto()
    """A container that is accepted: where it cannot be read, it is damaged."""
    OTHER_VIDEO = enum.auto()
    STILL_PICTURE = enum.auto()
    """A picture in a video's container (HEIF, AVIF)."""
    UNKNOWN = enum.auto()


def claim(head: bytes) -> Claim:
    """What a file that begins with `head` says it is."""
    if head[4:8] == b"ftyp" and head[8:12] in _STILL_PICTURE_BRANDS:
        return Claim.STILL_PICTURE
    if head[4:8] in _ACCEPTED_BOXES or head.startswith(_ACCEPTED_STARTS):
        return Claim.ACCEPTED_VIDEO
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return Claim.ACCEPTED_VIDEO
    if len(head) > 2 * _TS_PACKET and head[0] == head[_TS_PACKET] == head[2 * _TS_PACKET] == 0x47:
        return Claim.ACCEPTED_VIDEO
    if head.startswith(_OTHER_VIDEO_STARTS):
        return Claim.OTHER_VIDEO
    return Claim.UNKNOWN

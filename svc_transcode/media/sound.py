"""Whether a track of sound can be decoded in pieces. Imports PyAV: for a media child alone."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Final

from av.audio.stream import AudioStream

from svc_transcode.media.index import Entry, thin
from svc_transcode.media.info import IndexPoint
from svc_transcode.media.source import codec_name

APART: Final = Fraction(4)
"""Seconds between two points of the index that are kept."""

SHORT_MEMORY: Final = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp2", "mp3", "opus"})
"""Codecs, beside PCM, that sound right within half a second of wherever decoding starts."""


def exact_index(
    stream: AudioStream, origin: Fraction, file_size: int
) -> tuple[Fraction | None, tuple[IndexPoint, ...]]:
    """How long the sound is and where its samples are, by the index of an MP4; (None, ()) where that is not exact.

    Exact is: every packet is as long as any other but the last, in whole samples. Then a piece that is decoded apart
    begins at the very sample at which it would have come, had all before it been decoded too. Where a recorder's clock
    jitters, only that tells which sample it is.
    """
    name, rate = codec_name(stream), stream.sample_rate or 0
    if name not in SHORT_MEMORY and not name.startswith("pcm_"):
        return None, ()
    base = Fraction(stream.time_base or 1)
    entries = list(stream.index_entries)
    steps = {b.timestamp - a.timestamp for a, b in pairwise(entries[:-1])}
    if len(steps) != 1 or not rate or (1 / base) % rate:
        return None, ()
    step = steps.pop()
    points = thin([Entry(e.timestamp * base - origin, e.pos, e.size, True) for e in entries], file_size, APART)
    if step <= 0 or not points:
        return None, ()
    return (entries[-1].timestamp + step) * base - origin, points

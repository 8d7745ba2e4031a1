"""How loud a track is whose pieces were measured apart. Pure.

Loudness is a mean over blocks of 400 ms, of which quiet ones do not count (ITU-R BS.1770-4, annex 1; EBU Tech 3341).
Blocks begin every 100 ms of the presentation. Each is counted by the piece in which it ends, which has heard what was
before: so the counts of all pieces together are those of the whole track, whatever the pieces are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

STEP: Final = 4800
"""Samples at 48 kHz from the beginning of a block to that of the next one: 100 ms."""
BLOCK: Final = 4 * STEP
"""Samples of a block."""
GRAIN: Final = 20
"""Steps of a LU that blocks are told apart by: what is counted together differs by less than 0.03 LU from its name."""

SILENT: Final = -70.0
"""LUFS; a block that is not louder does not count."""
_BELOW_MEAN: Final = -10.0  # LU; nor does one that is this much below the mean of the others
_LOUDEST: Final = 20.0  # LUFS; full scale in both channels is below 4, and floats may hold more


@dataclass(frozen=True, slots=True)
class GatingBlocks:
    """The blocks that end within a piece and are not silent."""

    counts: tuple[tuple[int, int], ...] = ()
    """(loudness, how many) with the loudness in 1/`GRAIN` LUFS, rising."""

    def __post_init__(self) -> None:
        # Written by a media child: nothing in it may lead to a number that cannot be reckoned with.
        if any(not SILENT * GRAIN <= loudness <= _LOUDEST * GRAIN or count < 1 for loudness, count in self.counts):
            raise ValueError("no such gating blocks")

    @classmethod
    def of(cls, loudness: Iterable[float]) -> GatingBlocks:
        """Blocks by their loudness in LUFS."""
        heard = (min(one, _LOUDEST) for one in loudness if one > SILENT)
        return cls(tuple(sorted(Counter(round(one * GRAIN) for one in heard).items())))


def integrated(pieces: Iterable[GatingBlocks]) -> float | None:
    """The integrated loudness in LUFS of a track that these are all pieces of; None for silence."""
    counts = Counter[int]()
    for piece in pieces:
        counts.update(dict(piece.counts))
    mean = _mean(counts)
    if mean is None:
        return None
    return _mean({loudness: count for loudness, count in counts.items() if loudness / GRAIN > mean + _BELOW_MEAN})


def _mean(counts: dict[int, int]) -> float | None:
    """Of powers, as loudness."""
    total = sum(counts.values())
    power = sum(count * 10 ** (loudness / GRAIN / 10) for loudness, count in counts.items())
    return 10 * math.log10(power / total) if total else None

"""What loudness every track has. Pure."""

from __future__ import annotations

from typing import Final

TARGET: Final = -14.0
"""LUFS, as the large sites have it."""
MOST_GAIN: Final = 20.0
"""dB. What needs more is noise rather than sound."""

"""How large a picture is drawn. Pure."""

from __future__ import annotations

from fractions import Fraction


def within(width: int, height: int, box: int) -> tuple[int, int]:
    """The picture's own size, or smaller in the same aspect, so that no side is longer than `box`; even."""
    scale = min(Fraction(1), Fraction(box, max(width, height)))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))

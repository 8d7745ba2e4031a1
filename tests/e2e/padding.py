"""Bytes behind a clip that players pass over: still a video, and long on its way."""

from __future__ import annotations


def free_box(size: int) -> bytes:
    """The head of a `free` box (ISO/IEC 14496-12, 8.1.2) that has `size` bytes behind it."""
    return (size + 8).to_bytes(4, "big") + b"free"

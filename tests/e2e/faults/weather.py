"""What the way between two parts is like."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weather:
    """How a relay carries what passes. As made, it carries everything at once."""

    silent: bool = False
    """New connections are taken and nothing is ever said on them; those that stand fall silent too, and stay so: as
    when a machine, or what a network remembers of a connection, is lost."""
    refused: bool = False
    """Nobody listens; connections that stood are cut."""
    late: float = 0.0
    """Seconds by which answers come later."""
    rate: float = 0.0
    """Bytes a second, each way; 0 is no limit."""
    busy: float = 0.0
    """Share of HTTP requests that are answered by 503 SlowDown, as S3 does when it is asked too much."""


FAIR = Weather()

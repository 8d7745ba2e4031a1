"""Cues, their bounds, and what is said of a file that is refused. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MOST_CUES: Final = 20_000
"""Of one track: a cue every two seconds for eleven hours."""
MOST_TEXT: Final = 2_000
"""Characters of one cue, its tags included."""
MOST_TIME: Final = 24 * 3600 * 1000
"""Milliseconds. Videos are half as long at most."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Some words with their time."""

    start: int
    """Milliseconds since the start of the presentation."""
    end: int
    """Later than `start`."""
    text: str
    """WebVTT cue text as `markup.py` builds it: never empty, lines separated by "\\n", none of them blank."""


class CaptionsRefused(ValueError):  # noqa: N818 (it says what is the case)
    """The file cannot be taken. `sentence` is for who wrote it; `line` is from 1, None where it is the whole."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence if line is None else f"Line {line}: {sentence}"
        self.line = line


class Collected:
    """Cues of one file, held to the bounds as they come."""

    def __init__(self) -> None:
        self._cues: list[Cue] = []

    def add(self, start: int, end: int, text: str, line: int) -> None:
        """A cue whose times are in `line`. One without text is passed over. Raises CaptionsRefused."""
        if end <= start:
            raise CaptionsRefused("The cue ends before it begins.", line)
        if end > MOST_TIME:
            raise CaptionsRefused("The time is later than 24 hours.", line)
        if not text:
            return
        if len(text) > MOST_TEXT:
            raise CaptionsRefused(f"The cue is longer than {MOST_TEXT} characters.", line)
        if len(self._cues) >= MOST_CUES:
            raise CaptionsRefused(f"There are more than {MOST_CUES} cues.", line)
        self._cues.append(Cue(start, end, text))

    def cues(self) -> tuple[Cue, ...]:
        """In the order of their start. Raises CaptionsRefused where there is none."""
        if not self._cues:
            raise CaptionsRefused("There is no cue with text in the file.")
        return in_order(self._cues)


def in_order(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """As WebVTT wants them: by their start; those that begin together stay as they stood."""
    return tuple(sorted(cues, key=lambda cue: cue.start))

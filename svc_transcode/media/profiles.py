"""The encoding profiles. Pure.

An operator chooses one for the installation (`transcode.profile`); no request ever names an encoder's argument. A
change of what a profile encodes is a new version of it: results of one version are never taken for another's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from svc_transcode.media.coding import CLASSIC, Codec, Coding
from svc_transcode.media.complexity import Complexity, worthwhile
from svc_transcode.media.ladder import Rung, ladder


@dataclass(frozen=True, slots=True)
class Profile:
    """Which renditions a source gets, and how they are encoded."""

    name: str
    version: int
    codings: tuple[tuple[int, Coding], ...] = ((0, CLASSIC),)
    """From which short side on, in pixels, which coding: of the renditions that every player plays; rising."""
    per_title: bool = False
    """Whether sizes and caps are chosen by samples of the source."""
    beside: tuple[tuple[int, Coding], ...] = ()
    """Likewise, of renditions in another codec, beside all of a source that is large enough: a player stays with one
    codec while it goes from size to size, and picks one by its smallest size too."""

    @property
    def key(self) -> str:
        """What results depend on: name and version."""
        return f"{self.name}-{self.version}"

    def rungs(self, width: int, height: int, complexity: Complexity | None = None) -> tuple[Rung, ...]:
        """The renditions of a picture of this size, smallest first, those in another codec behind all others.

        Never empty; the first is one that every player plays. Raises ValueError as `ladder`.
        """
        rungs = tuple(replace(rung, coding=_by_size(self.codings, rung)) for rung in ladder(width, height))
        if self.per_title:
            rungs = worthwhile(rungs, complexity)
        if not self.beside or min(width, height) < _PAYS_FROM:
            return rungs
        return (*rungs, *(_beside(rung, _by_size(self.beside, rung)) for rung in rungs))


def _by_size(codings: tuple[tuple[int, Coding], ...], rung: Rung) -> Coding:
    return [coding for side, coding in codings if min(rung.width, rung.height) >= side][-1]


_PAYS_FROM = 720
"""Short side of a source, in pixels, from which another codec is made: below it there are few bits to save."""


def _beside(rung: Rung, coding: Coding) -> Rung:
    return replace(rung, quality=f"{rung.quality}-{coding.codec}", coding=coding)


def _av1(crf: int) -> Coding:
    return Coding(Codec.AV1, preset="8", crf=crf)


_LARGE = Coding(preset="veryfast", crf=20)

PROFILES = {
    profile.name: profile
    for profile in (
        Profile("classic", 1),
        Profile(
            "lean",
            1,
            ((0, Coding(preset="veryfast", crf=25)), (720, Coding(preset="veryfast", crf=22)), (1080, _LARGE)),
            per_title=True,
        ),
        Profile("av1", 1, beside=((0, _av1(48)), (720, _av1(37)), (1080, _av1(32)))),
    )
}
"""By name."""

DEFAULT = PROFILES["classic"]


def profile_of(name: str) -> Profile:
    """The profile of this name. Raises ValueError, with a sentence for the operator, where there is none."""
    if name not in PROFILES:
        raise ValueError(f"transcode.profile is {name!r}, and there is no such profile: choose one of {_NAMES}.")
    return PROFILES[name]


_NAMES = ", ".join(PROFILES)

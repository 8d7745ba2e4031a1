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
    coding: Coding = CLASSIC
    """Of the renditions that every player plays."""
    per_title: bool = False
    """Whether sizes and caps are chosen by samples of the source."""
    beside: Coding | None = None
    """Of renditions in another codec, beside the larger ones."""

    @property
    def key(self) -> str:
        """What results depend on: name and version."""
        return f"{self.name}-{self.version}"

    def rungs(self, width: int, height: int, complexity: Complexity | None = None) -> tuple[Rung, ...]:
        """The renditions of a picture of this size, smallest first, those in another codec behind all others.

        Never empty; the first is one that every player plays. Raises ValueError as `ladder`.
        """
        rungs = tuple(replace(rung, coding=self.coding) for rung in ladder(width, height))
        if self.per_title:
            rungs = worthwhile(rungs, complexity)
        if self.beside is None:
            return rungs
        return (*rungs, *(_beside(rung, self.beside) for rung in rungs if min(rung.width, rung.height) >= _PAYS_FROM))


_PAYS_FROM = 720
"""Short side, in pixels, from which another codec is made: below it there are few bits to save."""


def _beside(rung: Rung, coding: Coding) -> Rung:
    return replace(rung, quality=f"{rung.quality}-{coding.codec}", coding=coding)


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("classic", 1),
        Profile("lean", 1, Coding(preset="veryfast", crf=23), per_title=True),
        Profile("av1", 1, beside=Coding(Codec.AV1, preset="8", crf=35)),
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

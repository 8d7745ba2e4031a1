"""What a worker can do is found out in a child as jobs have it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from svc_transcode.media.limits import ChildLimits
from svc_transcode.media.profiles import PROFILES
from svc_transcode.processing.needs import LARGE_BYTES
from svc_transcode.worker import abilities
from svc_transcode.worker.abilities import USED, Abilities, encoders_in_a_child, memory_of_a_job
from svc_transcode.worker.checking import told

LIMITS = ChildLimits(tasks=144)
"""As of a worker with one thread."""


async def test_an_encoder_is_there_where_it_encodes_a_picture(tmp_path: Path) -> None:
    assert await encoders_in_a_child((*USED, "no_such_encoder", "aac"), LIMITS, tmp_path) == USED


async def test_encoders_that_a_profile_uses_are_tried_again_where_another_takes_the_child_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = abilities.run_child, list[tuple[str, ...]]()

    async def first_dies(job: abilities.media.EncodersJob, *words: object, **named: object) -> object:
        asked.append(job.names)
        if len(asked) == 1:
            raise abilities.ChildFailed("as by a driver")
        return await real(job, *words, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(abilities, "run_child", first_dies)
    assert await encoders_in_a_child((*USED, "a_driver"), LIMITS, tmp_path) == USED
    assert asked == [(*USED, "a_driver"), USED]


def test_slots_share_the_memory_of_the_machine() -> None:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert memory_of_a_job(1, 1 << 20) == 1 << 20, "a child may have no more"
    alone = memory_of_a_job(1, machine * 2)
    assert alone <= machine
    assert memory_of_a_job(4, machine * 2) == alone // 4


@pytest.mark.parametrize(("said", "expected"), [("1073741824\n", 1 << 30), ("max\n", 1 << 40), (None, 1 << 40)])
def test_a_container_may_have_less_than_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None, expected: int
) -> None:
    group = tmp_path / "memory.max"
    if said is not None:
        group.write_text(said)
    monkeypatch.setattr(abilities, "CGROUP", group)
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1 << 28}.get)
    assert memory_of_a_job(1, 1 << 50) == expected


@pytest.mark.parametrize(
    ("found", "profile", "advice"),
    [
        (Abilities(USED, LARGE_BYTES), "av1", ""),
        (Abilities(USED[:1], LARGE_BYTES), "classic", ""),
        (Abilities(USED[:1], LARGE_BYTES), "av1", "AV1"),
        (Abilities(USED, LARGE_BYTES - 1), "lean", "2 GiB"),
        (Abilities((), LARGE_BYTES), "lean", "x264"),
    ],
)
def test_who_checks_a_machine_is_told_what_would_wait_on_it(found: Abilities, profile: str, advice: str) -> None:
    said = told(found, PROFILES[profile])["advice"]
    assert advice in said
    assert bool(said) == bool(advice)

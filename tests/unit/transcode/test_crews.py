"""Workers say what they can do, and get that alone; on real tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
import structlog

from mesh.tables import Tables
from svc_transcode.processing import plan
from svc_transcode.processing.crews import GONE, Crews, Worker
from svc_transcode.processing.dispatching import Dispatching, Releasing
from svc_transcode.processing.model import Head, JobState
from svc_transcode.processing.needs import (
    ANYBODY,
    EVERYTHING,
    LARGE_BYTES,
    NEEDS,
    NOTHING,
    Crew,
    Need,
    ability_of,
    crew_name,
    need_of,
)
from svc_transcode.processing.queue import Queue
from svc_transcode.processing.recovering import Recovering
from svc_transcode.processing.store import ProcessingStore

from .queues import Jobs, head, job, store, tables
from .videos import NOW, planned, source

__all__ = ["store", "tables"]

PLAIN, AV1 = ("libx264",), ("libx264", "libsvtav1")


def test_every_combination_of_abilities_is_a_crew_of_its_own() -> None:
    assert len({crew_name(ability) for ability in NEEDS} | {ANYBODY}) == len(NEEDS) + 1
    assert [crew_name(ability) for ability in NEEDS] == ["plain", "av1", "large", "av1-large"]


@pytest.mark.parametrize("need", NEEDS)
@pytest.mark.parametrize("ability", NEEDS)
def test_a_crew_can_do_what_needs_nothing_that_it_has_not(need: Need, ability: Need) -> None:
    assert Crew(ability, 1).can(need) == (set(need) <= set(ability))


def test_what_a_worker_can_do_follows_from_its_encoders_and_its_memory() -> None:
    assert ability_of(PLAIN, LARGE_BYTES - 1) == NOTHING
    assert ability_of(AV1, LARGE_BYTES - 1) == Need.AV1
    assert ability_of(AV1, LARGE_BYTES) == EVERYTHING


def test_only_what_is_in_another_codec_needs_its_encoder_and_only_large_pictures_memory() -> None:
    small, _ = planned(source(20, height=1440))
    large, _ = planned(source(20, height=2160))
    assert need_of(small, plan.PRIORITY_FIRST) == NOTHING
    assert need_of(small, plan.PRIORITY_BESIDE) == Need.AV1
    assert need_of(large, plan.PRIORITY_FIRST) == Need.LARGE
    assert need_of(large, plan.PRIORITY_BESIDE) == EVERYTHING
    assert need_of(large, plan.PRIORITY_PROBE) == NOTHING


@dataclass
class Hall:
    """Workers, and videos whose jobs wait."""

    tables: Tables
    store: ProcessingStore
    now: datetime = NOW
    jobs: Jobs = field(default_factory=Jobs)

    def __post_init__(self) -> None:
        self.queue, log = Queue(self.tables), structlog.get_logger()
        self.crews = Crews(self.tables, self._clock, lambda: self.now)
        self.releasing = Releasing(self.store, self.queue, self.jobs, self.crews, log)
        self.dispatching = Dispatching(self.releasing, self.queue, self.crews, log)

    def _clock(self) -> float:
        return (self.now - NOW).total_seconds()

    async def comes(self, name: str, ability: Need = NOTHING, slots: int = 1) -> None:
        await self.crews.announce(Worker(name, slots, ability, AV1 if Need.AV1 in ability else PLAIN, 0))

    async def leaves(self, name: str) -> None:
        await self.crews.leave(Worker(name, 1, NOTHING, PLAIN, 0))

    async def waits(self, video_id: str, count: int, place: int = plan.PRIORITY_FIRST, height: int = 720) -> Head:
        """So many jobs of a video."""
        info, _ = planned(source(20, height=height))
        begun = replace(head(video_id, video_id), info=info.info)
        rows = [job(f"j{n:02d}", place) for n in range(count)]
        await self.store.create(begun)
        await self.store.add_jobs(video_id, rows)
        await self.queue.add(begun, rows)
        return begun

    async def out(self) -> dict[str, list[str]]:
        """Which videos' jobs each crew has."""
        found: dict[str, list[str]] = {}
        async for one in self.queue.released():
            found.setdefault(one.crew, []).append(one.video_id)
        return found


@pytest.fixture
def hall(tables: Tables, store: ProcessingStore) -> Hall:
    return Hall(tables, store)


async def test_a_job_goes_to_those_who_can_do_it(hall: Hall) -> None:
    await hall.comes("small")
    await hall.comes("good", EVERYTHING)
    await hall.waits("av1", 5, plan.PRIORITY_BESIDE)
    await hall.waits("large", 5, height=2160)
    await hall.dispatching.release()
    assert set(await hall.out()) == {"av1-large"}, "the other worker can do none of it"
    await hall.waits("plain", 9)
    await hall.dispatching.release()
    assert (await hall.out())["plain"] == ["plain"] * 2


async def test_what_nobody_can_do_waits_and_keeps_nobody_from_work(hall: Hall) -> None:
    await hall.comes("small", slots=2)
    await hall.waits("av1", 50, plan.PRIORITY_BESIDE)
    await hall.waits("large", 50, height=2160)
    await hall.waits("plain", 50)
    assert await hall.dispatching.release() == 4
    assert await hall.out() == {"plain": ["plain"] * 4}
    lines, _ = await hall.queue.lines(10, None)
    present = await hall.crews.present()
    assert {line.channel_id: present.serves(line.need) for line in lines} == {
        "plain": True,
        "av1": False,
        "large": False,
    }


async def test_it_is_done_as_soon_as_somebody_comes_who_can(hall: Hall) -> None:
    await hall.comes("small")
    await hall.waits("av1", 1, plan.PRIORITY_BESIDE)
    assert await hall.dispatching.release() == 0
    await hall.comes("good", Need.AV1)
    assert await hall.dispatching.release() == 1


async def test_a_crew_gets_about_twice_as_many_jobs_as_it_has_slots_however_busy_others_are(hall: Hall) -> None:
    await hall.comes("small", slots=3)
    await hall.comes("good", EVERYTHING, slots=2)
    await hall.waits("plain", 50)
    assert await hall.dispatching.release() == 2 * 5
    assert await hall.dispatching.release() == 0


async def test_a_worker_that_is_not_heard_of_for_a_minute_is_gone(hall: Hall) -> None:
    await hall.comes("good", EVERYTHING)
    hall.now += GONE / 2
    assert (await hall.crews.present()).crews
    await hall.comes("small")
    hall.now += GONE / 2 + timedelta(seconds=1)
    present = await hall.crews.present()
    assert present.told
    assert [crew.ability for crew in present.crews] == [NOTHING]
    assert not present.serves(Need.AV1)


async def test_one_that_leaves_is_gone_at_once(hall: Hall) -> None:
    await hall.comes("w")
    await hall.leaves("w")
    assert (await hall.crews.present()).crews == ()
    await hall.waits("plain", 1)
    assert await hall.dispatching.release() == 0, "those who come again will be told"


async def test_while_no_worker_ever_said_anything_jobs_are_for_anybody(hall: Hall) -> None:
    await hall.waits("plain", 1)
    await hall.waits("av1", 1, plan.PRIORITY_BESIDE, height=2160)
    assert await hall.dispatching.release() == 2
    assert set(await hall.out()) == {ANYBODY}


async def test_a_job_whose_crew_went_before_it_began_goes_to_others(hall: Hall) -> None:
    await hall.comes("good", EVERYTHING)
    await hall.waits("plain", 1)
    await hall.waits("av1", 1, plan.PRIORITY_BESIDE)
    await hall.dispatching.release()
    hall.now += GONE + timedelta(seconds=1)
    await hall.comes("small")

    async def held(job_id: object, crew: str) -> bool:
        del job_id, crew
        return True

    async def give_up(job_id: object) -> None:
        raise AssertionError(job_id)

    log = structlog.get_logger()
    await Recovering(hall.queue, hall.releasing, held, give_up, 2, log, clock=lambda: 0.0).look()
    assert await hall.out() == {"plain": ["plain"]}
    waiting = await hall.store.job("av1", "j00")
    assert waiting is not None
    assert waiting.value.state is JobState.QUEUED
    await hall.comes("good", EVERYTHING)
    assert await hall.dispatching.release() == 1
    assert (await hall.out())["av1-large"] == ["av1"]


async def test_of_a_thousand_jobs_that_nobody_can_do_none_is_read_to_find_one_that_somebody_can(hall: Hall) -> None:
    await hall.comes("small")
    await hall.waits("av1", 300, plan.PRIORITY_BESIDE)
    await hall.waits("plain", 1)
    assert [one.video_id for one in await hall.queue.next(10)] == ["plain"]

"""Which jobs go next: priority first, groups in turn, oldest first, never more than there is room for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesh.bus.dispatch import AHEAD, SHARE, Dispatcher, Queued, choose

START = datetime(2026, 1, 1, tzinfo=UTC)


def queued(name: str, group: str, priority: int = 0, second: int = 0, patient: bool = False) -> Queued:
    return Queued(name, priority, group, START + timedelta(seconds=second), patient)


def names(jobs: Sequence[Queued]) -> list[str]:
    return [job.job_id for job in jobs]


jobs = st.lists(
    st.builds(
        queued, st.uuids().map(str), st.sampled_from("abcd"), st.integers(0, 2), st.integers(0, 50), st.just(False)
    ),
    max_size=60,
)


def test_groups_take_turns_however_much_one_of_them_brings() -> None:
    many = [queued(f"a{n}", "a", second=n) for n in range(100)]
    few = [queued("b0", "b", second=200), queued("c0", "c", second=300), queued("b1", "b", second=400)]
    assert names(choose([*many, *few], 6)) == ["a0", "b0", "c0", "a1", "b1", "a2"]


def test_priority_goes_before_fairness_and_before_age() -> None:
    ready = [queued("old", "a", 0, 0), queued("urgent1", "b", 5, 10), queued("urgent2", "b", 5, 20)]
    assert names(choose(ready, 3)) == ["urgent1", "urgent2", "old"]


def test_who_had_a_turn_lately_waits_for_the_others() -> None:
    ready = [queued("a0", "a", second=0), queued("b0", "b", second=1), queued("c0", "c", second=2)]
    assert names(choose(ready, 2, served=("b", "a"))) == ["c0", "b0"]


def test_patient_jobs_get_their_share_whatever_there_is_besides_and_all_of_it_where_there_is_nothing() -> None:
    urgent = [queued(f"u{n}", "a", 1, n) for n in range(7)]
    patient = [queued(f"p{n}", "a", 0, n, patient=True) for n in range(4)]
    assert SHARE == 4
    assert names(choose([*urgent, *patient], 11)) == ["u0", "u1", "u2", "p0", "u3", "u4", "u5", "p1", "u6", "p2", "p3"]
    assert names(choose([*urgent, *patient], 2, behind=SHARE - 1)) == ["p0", "u0"]


def test_a_patient_job_that_is_of_higher_priority_than_others_waits_for_no_share() -> None:
    ready = [queued("first", "a", 2, patient=True), queued("second", "b", 1), queued("third", "b", 0, patient=True)]
    assert names(choose(ready, 3)) == ["first", "second", "third"]


@given(jobs, st.integers(0, 80))
def test_it_chooses_what_there_is_up_to_the_room_and_nothing_twice(ready: list[Queued], room: int) -> None:
    chosen = choose(ready, room)
    assert len(chosen) == min(room, len(ready))
    assert not Counter(names(chosen)) - Counter(names(ready))


@given(jobs, st.integers(0, 80))
def test_no_job_overtakes_an_older_one_of_its_group_and_priority(ready: list[Queued], room: int) -> None:
    lines: dict[tuple[int, str], list[datetime]] = {}
    for job in choose(ready, room):
        lines.setdefault((job.priority, job.group), []).append(job.enqueued)
    assert all(times == sorted(times) for times in lines.values())


@given(jobs, st.integers(0, 80))
def test_within_a_priority_no_waiting_group_falls_behind_another_by_more_than_one(
    ready: list[Queued], room: int
) -> None:
    chosen = choose(ready, room)
    left = set(names(ready)) - set(names(chosen))
    for priority in {job.priority for job in ready}:
        turns = Counter(job.group for job in chosen if job.priority == priority)
        waiting = {job.group for job in ready if job.priority == priority and job.job_id in left}
        if turns:
            assert all(turns[group] >= max(turns.values()) - 1 for group in waiting)


class Store:
    def __init__(self, ready: Sequence[Queued]) -> None:
        self.waiting = list(ready)
        self.released: list[Queued] = []

    async def ready(self, limit: int) -> Sequence[Queued]:
        return self.waiting[:limit]

    async def released_count(self) -> int:
        return len(self.released)

    async def mark_released(self, job: Queued) -> None:
        self.waiting.remove(job)
        self.released.append(job)


async def test_the_dispatcher_keeps_so_many_released_and_remembers_whose_turn_it_is() -> None:
    store = Store([*(queued(f"a{n}", "a", second=n) for n in range(9)), queued("b0", "b", second=50)])
    submitted: list[str] = []

    async def submit(job: Queued) -> None:
        submitted.append(job.job_id)

    dispatcher = Dispatcher(store, submit, slots=lambda: 1)
    assert await dispatcher.release() == AHEAD
    assert await dispatcher.release() == 0
    assert submitted == ["a0", "b0"]

    store.released.clear()
    store.waiting.append(queued("b1", "b", second=60))
    store.waiting.append(queued("c0", "c", second=70))
    await dispatcher.release()
    assert submitted == ["a0", "b0", "c0", "a1"]


async def test_the_share_of_patient_jobs_is_kept_from_one_release_to_the_next() -> None:
    store = Store(
        [*(queued(f"u{n}", "a", 1, n) for n in range(9)), *(queued(f"p{n}", "a", 0, n, patient=True) for n in range(9))]
    )
    submitted: list[str] = []

    async def submit(job: Queued) -> None:
        submitted.append(job.job_id)

    dispatcher = Dispatcher(store, submit, slots=lambda: 1)
    for _ in range(4):
        await dispatcher.release()
        store.released.clear()
    assert submitted == ["u0", "u1", "u2", "p0", "u3", "u4", "u5", "p1"]


async def test_a_crash_between_submitting_and_noting_submits_again_rather_than_never() -> None:
    class Forgetful(Store):
        async def mark_released(self, job: Queued) -> None:
            raise ConnectionError

    submitted: list[str] = []

    async def submit(job: Queued) -> None:
        submitted.append(job.job_id)

    ready = [queued("a", "a")]
    for store in (Forgetful(ready), Store(ready)):
        try:
            await Dispatcher(store, submit, slots=lambda: 1).release()
        except ConnectionError:
            continue
    assert submitted == ["a", "a"]

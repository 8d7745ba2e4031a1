"""A part that did its work and was struck down comes back at once; one that cannot do it is tried less and less."""

from __future__ import annotations

from mesh.local.backoff import FIRST_DELAY, LONGEST_DELAY, SETTLED, Backoff

NEVER = 0.0


def test_a_part_that_never_gets_ready_is_started_after_growing_delays_up_to_the_longest() -> None:
    backoff = Backoff()
    assert [backoff.after(NEVER) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, LONGEST_DELAY, LONGEST_DELAY]


def test_a_part_that_is_ready_only_for_a_moment_is_one_that_does_not_get_ready() -> None:
    backoff = Backoff()
    assert [backoff.after(SETTLED - 0.1) for _ in range(3)] == [0.2, 0.4, 0.8]


def test_a_part_that_was_ready_for_a_while_is_started_at_once_however_often_that_happens() -> None:
    backoff = Backoff()
    assert {backoff.after(SETTLED) for _ in range(100)} == {0.0}


def test_being_ready_for_a_while_makes_up_for_all_failures_before() -> None:
    backoff = Backoff()
    for _ in range(10):
        backoff.after(NEVER)
    assert backoff.after(SETTLED) == 0.0
    assert backoff.after(NEVER) == FIRST_DELAY

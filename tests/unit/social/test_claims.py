"""Who wins a name that two want."""

from __future__ import annotations

from datetime import timedelta

import pytest

from svc_social.claims.domain import (
    PATIENCE,
    Standing,
    Step,
    email_claim,
    handle_claim,
    next_step,
)

YOUNG = timedelta(seconds=1)


def test_a_name_whose_owner_exists_is_taken_however_old_the_claim() -> None:
    assert next_step(Standing.HELD, YOUNG) is Step.GIVE_UP
    assert next_step(Standing.HELD, PATIENCE * 1000) is Step.GIVE_UP


def test_a_claim_whose_owner_can_never_exist_is_taken_over_at_once() -> None:
    assert next_step(Standing.VOID, timedelta(0)) is Step.TAKE_OVER


def test_an_owner_is_given_time_to_come_to_exist_and_buried_after_that() -> None:
    assert next_step(Standing.OPEN, PATIENCE - timedelta(microseconds=1)) is Step.WAIT
    assert next_step(Standing.OPEN, PATIENCE) is Step.BURY


def test_a_clock_that_runs_behind_only_means_more_patience() -> None:
    assert next_step(Standing.OPEN, timedelta(seconds=-5)) is Step.WAIT


@pytest.mark.parametrize("written", ["Ada@Example.org", "ada@example.ORG", " ada@example.org "])
def test_addresses_are_one_whatever_their_case(written: str) -> None:
    assert email_claim(written) == email_claim("ada@example.org")


@pytest.mark.parametrize("written", ["Ada.L", "@ada.l", "@ADA.L"])
def test_handles_are_one_whatever_their_case_and_with_or_without_the_sign(written: str) -> None:
    assert handle_claim(written) == handle_claim("ada.l")


def test_a_handle_and_an_address_of_the_same_letters_are_two_names() -> None:
    assert handle_claim("ada") != email_claim("ada")

"""Refresh tokens: single use, except for answers that were lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mesh.ids import uuid7
from mesh.sealing import Sealer
from svc_social.accounts.sessions import GRACE, MOST_LIVE, Session, new_token, read_token, rotate

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SEALER = Sealer("s" * 32)


def session(*live: bytes) -> Session:
    return Session(uuid7(), uuid7(), "laptop", NOW, generation=1, live=live)


def rotated(before: Session, presented: bytes, fresh: bytes, now: datetime = NOW) -> Session:
    after = rotate(before, presented, fresh, now)
    assert after is not None
    return after


def test_using_a_token_makes_it_old_and_another_good() -> None:
    after = rotated(session(b"a"), b"a", b"b")
    assert after.live == (b"b",)
    assert after.used == (b"a",)
    assert after.generation == 2


def test_a_repeat_within_the_grace_gets_a_token_as_well_and_takes_none_away() -> None:
    first = rotated(session(b"a"), b"a", b"b")
    again = rotated(first, b"a", b"c", NOW + GRACE)
    assert again.live == (b"b", b"c")
    assert rotated(again, b"b", b"d").live == (b"d",)
    assert rotated(again, b"c", b"d").live == (b"d",)


def test_the_grace_counts_from_the_first_use_and_not_from_the_last_repeat() -> None:
    first = rotated(session(b"a"), b"a", b"b")
    again = rotated(first, b"a", b"c", NOW + GRACE)
    assert rotate(again, b"a", b"d", NOW + GRACE + timedelta(microseconds=1)) is None


def test_a_token_that_comes_back_after_the_grace_ends_the_session() -> None:
    after = rotated(session(b"a"), b"a", b"b")
    assert rotate(after, b"a", b"c", NOW + GRACE + timedelta(seconds=1)) is None


def test_a_token_of_two_uses_ago_ends_the_session_at_once() -> None:
    third = rotated(rotated(session(b"a"), b"a", b"b"), b"b", b"c")
    assert rotate(third, b"a", b"d", NOW) is None


def test_of_two_tokens_for_one_lost_answer_the_one_used_first_makes_the_other_old() -> None:
    doubled = rotated(rotated(session(b"a"), b"a", b"thief"), b"a", b"owner")
    after = rotated(doubled, b"owner", b"next", NOW + timedelta(minutes=15))
    assert rotate(after, b"thief", b"more", NOW + timedelta(minutes=16)) is None


def test_only_so_many_lost_answers_in_a_row_are_believed() -> None:
    after = rotated(session(b"a"), b"a", b"0")
    for number in range(1, MOST_LIVE):
        after = rotated(after, b"a", str(number).encode())
    assert len(after.live) == MOST_LIVE
    assert rotate(after, b"a", b"more", NOW) is None


def test_a_token_leads_back_to_its_session_and_its_hash() -> None:
    session_id = uuid7()
    token = new_token(SEALER, session_id)
    read = read_token(SEALER, token.text)
    assert read is not None
    assert (read.owner_id, read.hash) == (session_id, token.hash)


def test_every_token_is_another() -> None:
    session_id = uuid7()
    assert len({new_token(SEALER, session_id).text for _ in range(100)}) == 100


def test_an_invented_or_altered_token_is_not_ours() -> None:
    text = new_token(SEALER, uuid7()).text
    altered = ("B" if text[60] == "A" else "A").join((text[:60], text[61:]))
    for bad in ("", "x", altered, text[:-4], new_token(Sealer("t" * 32), uuid7()).text):
        assert read_token(SEALER, bad) is None


def test_the_token_is_not_shown_when_the_object_is() -> None:
    token = new_token(SEALER, uuid7())
    assert token.text not in repr(token)

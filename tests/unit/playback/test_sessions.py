"""Sessions of players."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mesh.errors import Fault
from mesh.sealing import Sealer
from svc_playback.playback.sessions import LIFETIME, Session, Sessions, batch_id
from vidmesh.playback.v1.playback_pb2 import Ended, PlaybackEvent, Watched

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SESSIONS = Sessions(Sealer("s" * 32))
SESSION = Session("0198", "abcdefghijk", "", "DE", "local", NOW.timestamp())


def test_a_token_gives_its_session_back() -> None:
    assert SESSIONS.open(SESSIONS.seal(SESSION), NOW + timedelta(hours=1)) == SESSION


@pytest.mark.parametrize("token", ["", "x", "é", SESSIONS.seal(SESSION)[:-1], SESSIONS.seal(SESSION) + "A"])
def test_a_token_that_was_altered_is_refused(token: str) -> None:
    with pytest.raises(Fault) as refused:
        SESSIONS.open(token, NOW)
    assert refused.value.reason_name == "INVALID_SESSION"


def test_a_token_of_another_installation_is_refused() -> None:
    with pytest.raises(Fault):
        SESSIONS.open(Sessions(Sealer("t" * 32)).seal(SESSION), NOW)


def test_a_token_ends_with_its_day() -> None:
    with pytest.raises(Fault):
        SESSIONS.open(SESSIONS.seal(SESSION), NOW + LIFETIME + timedelta(seconds=1))


def test_a_batch_that_is_sent_again_has_the_same_id_and_another_one_has_not() -> None:
    first = [PlaybackEvent(seq=1, watched=Watched())]
    again = [PlaybackEvent(seq=1, watched=Watched())]
    other = [PlaybackEvent(seq=1, ended=Ended())]
    assert batch_id("s", first) == batch_id("s", again)
    assert len({batch_id("s", first), batch_id("s", other), batch_id("t", first)}) == 3

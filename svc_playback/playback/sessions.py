"""Playback sessions: a sealed token that says which video, who and where, so that a report cannot claim another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mesh.errors import permission_denied
from mesh.sealing import Sealer
from vidmesh.common.v1.error_reason_pb2 import ErrorReason
from vidmesh.playback.v1 import playback_pb2

PURPOSE = "playback_session"
_JSON = json.JSONEncoder(separators=(",", ":"))
LIFETIME = timedelta(hours=24)
"""A player may sit paused overnight and still report."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a session token proves."""

    session_id: str
    video_id: str
    account_id: str
    """Empty for an anonymous viewer."""
    country: str
    """Empty where the edge does not know."""
    edge: str
    started: float
    """Unix time, seconds."""


class Sessions:
    """Seals and opens session tokens."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def seal(self, session: Session) -> str:
        """The token of a session."""
        # By hand: `asdict` copies, and `dumps` makes an encoder, which takes as long as all the rest.
        fields = {name: getattr(session, name) for name in Session.__slots__}
        return self._sealer.seal(PURPOSE, _JSON.encode(fields).encode())

    def open(self, token: str, now: datetime) -> Session:
        """The session of a token. Raises PERMISSION_DENIED (INVALID_SESSION) for one not ours, altered or a day old."""
        payload = self._sealer.open(PURPOSE, token)
        session = Session(**json.loads(payload)) if payload is not None else None
        if session is None or now.timestamp() - session.started > LIFETIME.total_seconds():
            raise permission_denied(
                "This playback session is not known any more. Ask for playback again.",
                ErrorReason.ERROR_REASON_INVALID_SESSION,
            )
        return session


def batch_id(session_id: str, events: Sequence[playback_pb2.PlaybackEvent]) -> str:
    """The id of a batch: the same for the same events of the same session, so that a resend is dropped by the bus."""
    digest = hashlib.sha256()
    for event in events:
        digest.update(event.SerializeToString(deterministic=True))
    return f"playback:{session_id}:{digest.hexdigest()[:32]}"

"""Everything that svc_playback stores."""

from __future__ import annotations

from mesh.tables import Schema
from svc_playback.playback.tables import REVOCATIONS

SCHEMA = Schema("svc_playback", version=1, tables=(REVOCATIONS,))

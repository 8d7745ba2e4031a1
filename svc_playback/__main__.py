"""`python -m svc_playback`."""

from __future__ import annotations

from mesh.server import run_service
from svc_playback.server import assemble

if __name__ == "__main__":
    run_service("svc_playback", assemble)

"""`python -m svc_playback`."""

from __future__ import annotations

import sys

from mesh.server import run_service
from svc_playback.server import assemble

if __name__ == "__main__":
    sys.exit(run_service("svc_playback", assemble))

"""`python -m svc_transcode`."""

from __future__ import annotations

import sys

from mesh.server import run_service
from svc_transcode.server import assemble

if __name__ == "__main__":
    sys.exit(run_service("svc_transcode", assemble))

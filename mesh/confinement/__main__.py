"""`python -m mesh.confinement`: confines itself, and prints as JSON what of it held on this machine."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from mesh.confinement.confine import Bounds, confine

if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(confine(Bounds((), ())))))

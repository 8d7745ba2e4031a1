"""A detached stack: `python -m mesh.local OPTIONS DESCRIPTOR`, started by `control.start_detached`.

Reports by one line of JSON on the descriptor: `{"edge_url"}` when ready, `{"error", "details"}` when it cannot be.
"""

from __future__ import annotations

import json
import os
import sys

from mesh.config import ConfigurationError
from mesh.local.control import UpOptions
from mesh.local.errors import StackError
from mesh.local.foreground import run_stack


def main() -> int:
    options, descriptor = UpOptions.from_json(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(descriptor, False)
    reported = False

    def report(**told: object) -> None:
        nonlocal reported
        if not reported:
            os.write(descriptor, json.dumps(told).encode() + b"\n")
            os.close(descriptor)
            reported = True

    try:
        run_stack(options, ready=lambda url: report(edge_url=url))
    except StackError as error:
        report(error=str(error), details=error.details)
        sys.stderr.write(f"vidmesh: {error}\n")
        return 1
    except ConfigurationError as error:
        report(error=str(error))
        sys.stderr.write(f"vidmesh: {error}\n")
        return 1
    return 0


sys.exit(main())

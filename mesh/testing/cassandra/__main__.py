"""Runs a command beside a Cassandra of its own: `python -m mesh.testing.cassandra COMMAND…`.

The command finds the server's `host:port` in the variable TEST_CASSANDRA. Its exit code is passed on; where there is
no Cassandra to be had, a sentence says why and the code is 69 (EX_UNAVAILABLE of sysexits.h).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mesh.testing.cassandra import VARIABLE, CassandraMissing, cassandra_server

_UNAVAILABLE: Final = 69


def main(command: Sequence[str]) -> int:
    """Run it to its end."""
    if not command:
        print("usage: python -m mesh.testing.cassandra COMMAND…", file=sys.stderr)
        return os.EX_USAGE
    try:
        with TemporaryDirectory(prefix="cassandra-") as folder, cassandra_server(Path(folder)) as server:
            return _run(command, server.host)
    except CassandraMissing as missing:
        print(f"cassandra: {missing}", file=sys.stderr)
        return _UNAVAILABLE


def _run(command: Sequence[str], host: str) -> int:
    with subprocess.Popen(command, env=os.environ | {VARIABLE: host}) as process:  # noqa: S603
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                # The command has it too, and may have something to tidy up.
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Becomes the programme named on its command line, which then dies with the supervisor.

Run by path (`python -I -S launcher.py PARENT PROGRAMME ARG…`), so that it costs some milliseconds and no memory.
A `preexec_fn` would do the same, but runs Python between fork and exec in a process that has threads.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)
OPEN_FILES = 65_536


def main() -> None:
    parent = int(sys.argv[1])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # It died before the wish was known.
        sys.exit(1)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    # macOS has a further limit, which is told by no call; then what is there has to do.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606


main()

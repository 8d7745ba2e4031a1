"""`python -m svc_transcode.worker [--slots N] [--name NAME] [--config FILE]`."""

from __future__ import annotations

import argparse
import sys

from svc_transcode.worker.arguments import add_arguments, chosen
from svc_transcode.worker.program import run_worker


def main() -> int:
    """The exit code of the process."""
    parser = argparse.ArgumentParser(prog="python -m svc_transcode.worker", description="Does the work of transcoding.")
    add_arguments(parser)
    return run_worker(chosen(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())

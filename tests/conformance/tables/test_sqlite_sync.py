"""A write that the SQLite engine acknowledged was synced first, which only the system calls can show."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace, which shows the system calls, is not installed"
)

WRITER = Path(__file__).with_name("syncing_writer.py")
ROOT = Path(__file__).parents[3]


def syncs_before_each_mark(path: Path, what: str) -> list[int]:
    """How many times a file was synced between the marks that the writer makes."""
    trace = path / "trace"
    command = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,write", "-o", str(trace)]
    ran = subprocess.run(
        [*command, sys.executable, str(WRITER), str(path / "sync.db"), what],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "ptrace" in ran.stderr and "not permitted" in ran.stderr:
        pytest.skip("this container forbids ptrace, which strace needs")
    assert ran.returncode == 0, ran.stderr
    counts = [0]
    for line in trace.read_text().splitlines():
        if re.search(r'write\(1, "(begin|acknowledged|end)', line):
            counts.append(0)
        elif re.search(r"\b(fsync|fdatasync)(\(| resumed>).* = 0$", line):
            counts[-1] += 1
    return counts[1:-2]


def test_every_durable_write_is_synced_before_it_returns(tmp_path: Path) -> None:
    counts = syncs_before_each_mark(tmp_path, "one_by_one")
    assert len(counts) == 20
    assert min(counts) >= 1


def test_writes_that_come_together_are_synced_together(tmp_path: Path) -> None:
    (count,) = syncs_before_each_mark(tmp_path, "together")
    assert 1 <= count <= 16


def test_a_write_that_need_not_be_durable_waits_for_no_sync(tmp_path: Path) -> None:
    loose, durable = syncs_before_each_mark(tmp_path, "loosely")
    assert loose == 0
    assert durable >= 1

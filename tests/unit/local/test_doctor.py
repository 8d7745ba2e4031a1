"""What `vidmesh doctor` says of how far media code is locked in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mesh.confinement.confine import Held
from mesh.local.diagnosis import confinement_check, diagnose, workers_check

ALL = Held(network=True, tcp=True, files=True, tasks=True)
NO_NAMESPACES = Held(network=False, tcp=True, files=True, tasks=False)
NO_FEW_TASKS = Held(network=True, tcp=True, files=True, tasks=False)


def test_where_everything_holds_nothing_is_to_be_done() -> None:
    check = confinement_check(ALL, root=False)
    assert (check.level, check.advice) == ("ok", "")


def test_that_root_is_held_to_no_number_of_tasks_is_told_and_what_to_do_about_it() -> None:
    check = confinement_check(NO_FEW_TASKS, root=True)
    assert check.level == "warn"
    assert "any number of threads and processes (workers of root" in check.finding
    assert "an account of their own" in check.advice
    assert "seccomp" not in check.advice


@pytest.mark.parametrize("held", [NO_FEW_TASKS, NO_NAMESPACES])
def test_for_others_it_is_for_the_kernel_to_allow(held: Held) -> None:
    check = confinement_check(held, root=False)
    assert "any number of threads and processes (no user namespaces" in check.finding
    assert "seccomp" in check.advice
    assert "account" not in check.advice
    assert ("network" in check.finding) == (not held.network)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these means")
def test_it_is_told_of_this_machine_as_it_is(tmp_path: Path) -> None:
    tried = subprocess.run([sys.executable, "-m", "mesh.confinement"], capture_output=True, check=True)
    here = confinement_check(Held(**json.loads(tried.stdout)), root=os.getuid() == 0)
    assert [check for check in diagnose(tmp_path / "data", None) if check.name == "confinement"] == [here]


def test_what_workers_could_do_is_tried_and_a_profile_that_is_not_there_is_told() -> None:
    assert "libx264" in workers_check("classic").finding
    missing = workers_check("best")
    assert missing.level == "warn"
    assert "'best'" in missing.finding

"""The one-machine stack as a user meets it: it starts, heals, stops, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from mesh.local.parts.objects import SOCKETS
from mesh.local.plan import GATEWAY, SERVICES

if TYPE_CHECKING:
    from tests.e2e.stacks import Stack, StartStack

FOUNDATION = ("bus", "objects", "volumes")
"""Enough to see the supervisor work, and quick to start."""


def processes_of(data: Path) -> list[psutil.Process]:
    """Every process whose command line or working folder names this data."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if str(data) in " ".join(process.cmdline()) or process.cwd().startswith(str(data)):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def eventually(look: Callable[[], bool], seconds: float) -> bool:
    give_up = time.monotonic() + seconds
    while not look():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mesh.cli", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | environment,
    )


@pytest.mark.stack
def test_every_part_of_the_whole_stack_is_ready_and_the_edge_answers(stack: Stack) -> None:
    told = stack.status()
    assert {part["name"] for part in told["parts"]} == {*FOUNDATION, GATEWAY, *SERVICES, "worker-1", "edge"}
    assert {part["state"] for part in told["parts"]} == {"ready"}
    with urllib.request.urlopen(f"{stack.edge_url}/v1/jwks", timeout=5) as answer:
        assert json.load(answer)["keys"]


def test_down_leaves_nothing_behind_and_a_second_up_finds_what_was_kept(start_stack: StartStack) -> None:
    def kept(data: Path) -> dict[str, bytes]:
        return {str(file.relative_to(data)): file.read_bytes() for file in sorted((data / "secrets").iterdir())}

    others = set(SOCKETS.glob("seaweedfs-*"))
    stack = start_stack(only=FOUNDATION)
    ports = [part["port"] for part in stack.status()["parts"]]
    secrets = kept(stack.data)
    assert len(processes_of(stack.data)) == 1 + len(FOUNDATION)
    stack.stop()
    assert processes_of(stack.data) == []
    # Stacks that were killed have left some behind, maybe for the same ports.
    assert not [one for port in ports for one in SOCKETS.glob(f"seaweedfs-*{port}*.sock") if one not in others]
    done = stack.vidmesh("status", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["state"] == "stopped"

    again = start_stack(data=stack.data, only=FOUNDATION)
    assert kept(again.data) == secrets
    assert again.status()["state"] == "ready"


def test_two_stacks_run_side_by_side_and_stopping_one_leaves_the_other(start_stack: StartStack) -> None:
    one = start_stack(only=FOUNDATION)
    other = start_stack(only=FOUNDATION)
    one.stop()
    assert other.status()["state"] == "ready"
    assert {part["restarts"] for part in other.status()["parts"]} == {0}


def test_a_part_that_is_killed_is_started_again_and_counted(start_stack: StartStack) -> None:
    stack = start_stack(only=FOUNDATION)
    before = {part["name"]: part["pid"] for part in stack.status()["parts"]}
    for name in FOUNDATION:
        stack.kill(name)
    for name in FOUNDATION:
        stack.wait_restarted(name)
        assert stack.part(name)["pid"] != before[name]
        assert stack.part(name)["restarts"] == 1
    assert "bus was ended by SIGKILL" in (stack.data / "logs" / "up.log").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent (PR_SET_PDEATHSIG)")
def test_a_supervisor_that_is_killed_takes_its_parts_along_and_up_works_again(start_stack: StartStack) -> None:
    stack = start_stack(only=("bus",))
    os.kill(stack.status()["pid"], signal.SIGKILL)
    assert eventually(lambda: processes_of(stack.data) == [], 5)
    assert start_stack(data=stack.data, only=("bus",)).status()["state"] == "ready"


def test_a_second_up_on_data_in_use_is_refused_in_one_sentence(start_stack: StartStack) -> None:
    stack = start_stack(only=("bus",))
    done = run("up", "--data", str(stack.data), "--port", "0", "--only", "bus")
    assert done.returncode == 1
    assert done.stderr.startswith("vidmesh: A stack already runs on ")
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_told_with_what_to_do(start_stack: StartStack, tmp_path: Path) -> None:
    stack = start_stack(only=("bus",))
    taken = str(stack.part("bus")["port"])
    done = run("up", "--data", str(tmp_path / "other"), "--port", taken)
    assert done.returncode == 1
    assert f"Port {taken}" in done.stderr
    assert "--port 0" in done.stderr


def test_what_a_detached_stack_ends_on_is_told_in_one_sentence_every_time(tmp_path: Path) -> None:
    for _ in range(2):
        done = run("up", "--detach", "--data", str(tmp_path / "data"), "--port", "70000")
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "edge.port" in done.stderr


def test_ctrl_c_stops_everything_and_is_quiet(tmp_path: Path) -> None:
    data = tmp_path / "data"
    words = [sys.executable, "-m", "mesh.cli", "up", "--data", str(data), "--port", "0", "--only", "bus"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        assert up.stderr is not None
        assert any("ready after" in line for line in iter(up.stdout.readline, ""))
        up.send_signal(signal.SIGINT)
        assert up.wait(20) == 0
        assert up.stderr.read() == ""
    assert processes_of(data) == []

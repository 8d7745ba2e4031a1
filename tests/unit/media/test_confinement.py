"""What a media child can still do when a file has taken it over: next to nothing.

Each act is done by a real process that locked itself in as a media child does, and that says what came of it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mesh.confinement import landlock
from mesh.confinement.confine import DIES_FIRST
from svc_transcode.media import jobs
from svc_transcode.media.limits import ChildLimits
from svc_transcode.media.runner import run_child
from svc_transcode.media.wire import ORDER, Order

from .test_child import children, parts_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these means")

ROOT = Path(__file__).parents[3]
NOBODY = 65_534

CHILD = """
import json, os, sys, threading, time
from svc_transcode.media import jobs, wire
from svc_transcode.media.child import lock_in
if len(sys.argv) > 2:
    os.setresgid(*[int(sys.argv[2])] * 3)
    os.setresuid(*[int(sys.argv[2])] * 3)
lock_in(jobs.from_json(wire.ORDER, sys.stdin.readline()))
try:
    came = eval(sys.argv[1])
except BaseException as error:
    came = type(error).__name__
print(json.dumps(came))
"""


def said(
    act: str, work: Path, sources: Path, user: int | None = None, **limits: int
) -> subprocess.CompletedProcess[str]:
    """Runs a locked-in process that evaluates `act`; not as root, where `user` is another."""
    order = Order(jobs.ProbeJob(jobs.Source((1,))), ChildLimits(**limits), os.getpid(), str(sources))
    return subprocess.run(
        [sys.executable, "-P", "-c", CHILD, act, *([] if user is None else [str(user)])],
        input=jobs.to_json(ORDER, order) + "\n",
        capture_output=True,
        text=True,
        cwd=work,
        env={"PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/part").write_bytes(b"part")
    return tmp_path / "sources"


def came(act: str, work: Path, sources: Path, user: int | None = None, **limits: int) -> object:
    done = said(act, work, sources, user, **limits)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def unshares() -> bool:
    """Whether this system lets anybody have a network of his own."""
    done = subprocess.run([sys.executable, "-m", "mesh.confinement"], cwd=ROOT, capture_output=True, check=True)
    return json.loads(done.stdout)["network"]


def kernel_version() -> tuple[int, ...]:
    return tuple(int(part) for part in os.uname().release.split(".")[:2])


needs_landlock = pytest.mark.skipif(landlock.version() < 1, reason="this kernel has no Landlock")
needs_scopes = pytest.mark.skipif(landlock.version() < 6, reason="Landlock bounds signals since its version 6")
needs_network_namespaces = pytest.mark.skipif(
    sys.platform == "linux" and not unshares(), reason="this system allows no namespaces"
)


def test_it_reads_its_parts_and_writes_into_its_folder(work: Path, sources: Path) -> None:
    part = sources / "part"
    assert came(f"open({str(part)!r}).read()", work, sources) == "part"
    assert came("(os.makedirs('a/b'), open('a/b/c', 'w').write('made'))[1]", work, sources) == 4
    assert (work / "a/b/c").read_text() == "made"


@needs_landlock
@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/1/environ", f"/proc/{os.getppid()}/environ", str(ROOT)])
def test_it_cannot_read_anything_else(work: Path, sources: Path, path: str) -> None:
    assert came(f"os.listdir({path!r}) if os.path.isdir({path!r}) else open({path!r}).read(1)", work, sources) == (
        "PermissionError"
    )


@needs_landlock
def test_it_cannot_read_what_lies_beside_its_folders_nor_get_there_by_a_link(work: Path, sources: Path) -> None:
    secret = work.parent / "secret"
    secret.write_text("hunter2")
    assert came(f"open({str(secret)!r}).read()", work, sources) == "PermissionError"
    assert came("open('../secret').read()", work, sources) == "PermissionError"
    (work / "link").symlink_to(secret)
    assert came("open('link').read()", work, sources) == "PermissionError"


@needs_landlock
@pytest.mark.parametrize("path", ["/etc/passwd", "/tmp/escaped", "../escaped", "../sources/part"])
def test_it_cannot_write_anywhere_else(work: Path, sources: Path, path: str) -> None:
    assert came(f"open({path!r}, 'a').write('')", work, sources) == "PermissionError"
    assert not (work.parent / "escaped").exists()


@needs_landlock
@pytest.mark.parametrize("act", ["os.execv('/bin/sh', ['sh', '-c', 'true'])", "os.execv(sys.executable, ['python'])"])
def test_it_runs_no_programme(work: Path, sources: Path, act: str) -> None:
    assert came(act, work, sources) == "PermissionError"


@needs_network_namespaces
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
def test_it_reaches_nobody_not_even_this_machine(work: Path, sources: Path, kind: str) -> None:
    with socket.socket(type=getattr(socket, kind)) as listener:
        listener.bind(("127.0.0.1", 0))
        address = listener.getsockname()
        if kind == "SOCK_STREAM":
            listener.listen()
        act = f"__import__('socket').socket(type=__import__('socket').{kind}).connect({address!r})"
        assert came(act, work, sources) in {"OSError", "PermissionError"}


@needs_network_namespaces
def test_it_sees_no_other_network(work: Path, sources: Path) -> None:
    assert came("[name for _, name in __import__('socket').if_nameindex()]", work, sources) == ["lo"]


@needs_scopes
def test_it_signals_nobody_else(work: Path, sources: Path) -> None:
    assert came("os.kill(os.getppid(), 0)", work, sources) == "PermissionError"


def test_it_has_no_rights_of_roots(work: Path, sources: Path) -> None:
    assert came("os.chroot('.')", work, sources) == "PermissionError"
    assert came("os.nice(-5)", work, sources) == "PermissionError"
    assert came("__import__('resource').setrlimit(7, (4096, 4096))", work, sources) == "ValueError"


def test_it_leaves_no_core_dump(work: Path, sources: Path) -> None:
    done = said("os.abort()", work, sources)
    assert done.returncode == -6
    assert list(work.iterdir()) == []
    assert came("__import__('ctypes').CDLL(None).prctl(3, 0, 0, 0, 0)", work, sources) == 0  # PR_GET_DUMPABLE


def test_its_memory_ends_where_its_limit_is(work: Path, sources: Path) -> None:
    assert came("len(bytes(1 << 30))", work, sources, address_space=512 << 20) == "MemoryError"


def test_its_files_end_where_their_limit_is(work: Path, sources: Path) -> None:
    assert came("open('big', 'wb', 0).write(bytes(5000))", work, sources, file_size=1000) == 1000
    assert came("[open('big', 'ab', 0).write(bytes(9)) for _ in '12']", work, sources, file_size=1000) == "OSError"


def test_its_work_ends_where_its_time_does(work: Path, sources: Path) -> None:
    assert said("[None for _ in iter(int, 1)]", work, sources, cpu_seconds=1).returncode < 0


def test_it_opens_so_many_files_and_no_more(work: Path, sources: Path) -> None:
    assert came("[open('/dev/null') for _ in range(99)]", work, sources, open_files=32) == "OSError"


@needs_network_namespaces
@pytest.mark.skipif(kernel_version() < (5, 14), reason="older kernels count all that the user runs")
@pytest.mark.parametrize(
    ("act", "refused"),
    [
        ("[threading.Thread(target=time.sleep, args=(1,), daemon=True).start() for _ in range(99)]", "RuntimeError"),
        ("[os.fork() or (time.sleep(1), os._exit(0)) for _ in range(99)]", "BlockingIOError"),
    ],
)
def test_its_threads_and_processes_are_few(work: Path, sources: Path, act: str, refused: str) -> None:
    user = NOBODY if os.getuid() == 0 else None  # the kernel holds root to no number
    assert came(act, work, sources, user, tasks=20) == refused


@dataclass(frozen=True, slots=True)
class Seen:
    """A process, looked at from outside."""

    status: dict[str, str]
    oom_score: int
    network: str
    open: set[str]

    @classmethod
    def of(cls, process: int) -> Seen:
        proc = Path(f"/proc/{process}")
        lines = (line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        return cls(
            {name: value.strip() for name, value in lines},
            int((proc / "oom_score_adj").read_text()),
            str((proc / "ns/net").readlink()),
            {str(link.readlink()).split(":")[0] for link in (proc / "fd").iterdir()},
        )


async def test_a_real_job_runs_like_this(bunny: Path, work: Path, inheritable: Path) -> None:
    source, fetch = parts_of(bunny)
    seen: list[Seen] = []

    async def looking(index: int) -> Path:
        seen.extend(Seen.of(child) for child in children())
        return await fetch(index)

    await run_child(jobs.ProbeJob(source), looking, work, sources=bunny.parent)
    (child,) = seen
    assert child.status["NoNewPrivs"] == "1"
    assert child.status["CapEff"] == child.status["CapPrm"] == "0" * 16
    assert child.oom_score == DIES_FIRST
    assert child.open <= {"pipe", "socket"}, f"{inheritable} or another file of the parent's"
    assert child.network != str(Path("/proc/self/ns/net").readlink()) or not unshares()  # noqa: ASYNC240


@pytest.fixture
def inheritable(tmp_path: Path) -> Iterator[Path]:
    """A file that is open in the parent, in the way that children get."""
    path = tmp_path / "inheritable"
    with path.open("wb") as file:
        os.set_inheritable(file.fileno(), True)
        yield path

"""The asyncio side of a media child: starts it, serves it parts, listens, and ends it whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast, overload

from svc_transcode.media import jobs, wire
from svc_transcode.media.errors import (
    ChildCrashed,
    ChildExhausted,
    ChildFailed,
    ChildTimedOut,
    MediaRejected,
    PartUnavailable,
    Spent,
)
from svc_transcode.media.limits import ChildLimits

FetchPart = Callable[[int], Awaitable[Path]]
"""Gives a local file with the whole of part `index`; may wait for the part to arrive. The file must stay until the
child's next question. Raise `PartUnavailable` where the part cannot be had; any other exception passes through
`run_child` as it is."""

OnProgress = Callable[[int], None]
"""Told how many frames (for sound: segments) are done, now and then."""

_STDERR_KEPT = 2000
_ROOT = Path(__file__).resolve().parents[2]


@overload
async def run_child(
    job: jobs.ProbeJob,
    fetch_part: FetchPart,
    workdir: Path,
    *,
    limits: ChildLimits = ...,
    on_progress: OnProgress | None = ...,
    sources: Path = ...,
) -> jobs.Probed: ...
@overload
async def run_child(
    job: jobs.VideoJob,
    fetch_part: FetchPart,
    workdir: Path,
    *,
    limits: ChildLimits = ...,
    on_progress: OnProgress | None = ...,
    sources: Path = ...,
) -> jobs.VideoMade: ...
@overload
async def run_child(
    job: jobs.AudioJob,
    fetch_part: FetchPart,
    workdir: Path,
    *,
    limits: ChildLimits = ...,
    on_progress: OnProgress | None = ...,
    sources: Path = ...,
) -> jobs.AudioMade: ...
@overload
async def run_child(
    job: jobs.ThumbnailJob,
    fetch_part: FetchPart,
    workdir: Path,
    *,
    limits: ChildLimits = ...,
    on_progress: OnProgress | None = ...,
    sources: Path = ...,
) -> jobs.ThumbnailsMade: ...
@overload
async def run_child(
    job: jobs.VerifyJob,
    fetch_part: FetchPart,
    workdir: Path,
    *,
    limits: ChildLimits = ...,
    on_progress: OnProgress | None = ...,
    sources: Path = ...,
) -> jobs.Verified: ...
@overload
async def run_child(
    job: jobs.StoryboardJob,
    fetch_part: FetchPart,
    workdir: Path,
    *,
    limits: ChildLimits = ...,
    on_progress: OnProgress | None = ...,
    sources: Path = ...,
) -> jobs.StoryboardMade: ...
@overload
async def run_child(
    job: jobs.CaptionsJob,
    fetch_part: FetchPart,
    workdir: Path,
    *,
    limits: ChildLimits = ...,
    on_progress: OnProgress | None = ...,
    sources: Path = ...,
) -> jobs.CaptionsMade: ...
@overload
async def run_child(
    job: jobs.PictureJob,
    fetch_part: FetchPart,
    workdir: Path,
    *,
    limits: ChildLimits = ...,
    on_progress: OnProgress | None = ...,
    sources: Path = ...,
) -> jobs.PictureMade: ...
@overload
async def run_child(
    job: jobs.DownloadJob,
    fetch_part: FetchPart,
    workdir: Path,
    *,
    limits: ChildLimits = ...,
    on_progress: OnProgress | None = ...,
    sources: Path = ...,
) -> jobs.DownloadMade: ...
@overload
async def run_child(
    job: jobs.EncodersJob,
    fetch_part: FetchPart,
    workdir: Path,
    *,
    limits: ChildLimits = ...,
    on_progress: OnProgress | None = ...,
    sources: Path = ...,
) -> jobs.EncodersFound: ...
async def run_child(
    job: jobs.Job,
    fetch_part: FetchPart,
    workdir: Path,
    *,
    limits: ChildLimits | None = None,
    on_progress: OnProgress | None = None,
    sources: Path = Path("/"),
) -> jobs.Result:
    """Runs one job in a process of its own, with `workdir` (which must exist) as its only place to write.

    The files that `fetch_part` gives lie under `sources`: the child can read nothing else, where the kernel knows
    Landlock. It has no network where the system allows user namespaces, no environment and no rights of root's.

    Raises `MediaRejected` (the source is at fault: do not retry), `ChildExhausted` (it takes more than `limits` give:
    do not retry with the same), `PartUnavailable` (retry when it is there), `ChildCrashed` or `ChildTimedOut` (retry
    a few times). On any exception, cancellation included, the child and
    all that it started are gone before this returns; files it left in `workdir` are the caller's to delete.
    """
    limits = limits or ChildLimits()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "svc_transcode.media.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=workdir,
        env=_environment(),
        start_new_session=True,
        limit=wire.MAX_LINE,
    )  # fmt: skip
    conversation = _Conversation(child, fetch_part, on_progress, limits.wall_seconds)
    errors = asyncio.create_task(_tail(cast(asyncio.StreamReader, child.stderr)))
    try:
        word = await conversation.hold(_order(job, limits, sources))
        if word is None:
            raise _end(await child.wait(), await errors)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        await asyncio.shield(_reap(child, errors))
    return _result(word)


def _order(job: jobs.Job, limits: ChildLimits, sources: Path) -> wire.Order:
    return wire.Order(job, limits, os.getpid(), str(sources.absolute()))


async def _reap(child: asyncio.subprocess.Process, errors: asyncio.Task[str]) -> None:
    cast(asyncio.StreamWriter, child.stdin).close()
    await child.wait()
    await errors


def _end(code: int, stderr: str) -> ChildFailed:
    """What an end without a word means."""
    if code == -signal.SIGXCPU:
        return ChildExhausted(Spent.WORK)
    return ChildCrashed(-code if code < 0 else None, code if code >= 0 else None, stderr)


def _result(word: wire.Last) -> jobs.Result:
    match word:
        case wire.Done(result):
            return result
        case wire.Rejected(reason, sentence):
            raise MediaRejected(reason, sentence)
        case wire.Unavailable(part, why):
            raise PartUnavailable(part, why)
        case wire.Exhausted(spent):
            raise ChildExhausted(spent)


def _understood(line: bytes) -> wire.Word:
    try:
        return jobs.from_json(wire.WORD, line)
    except ValueError as failure:
        raise ChildFailed("the media process said something that is not the protocol") from failure


class _Conversation:
    def __init__(
        self,
        child: asyncio.subprocess.Process,
        fetch_part: FetchPart,
        on_progress: OnProgress | None,
        seconds: float,
    ) -> None:
        self._stdin = cast(asyncio.StreamWriter, child.stdin)
        self._stdout = cast(asyncio.StreamReader, child.stdout)
        self._fetch_part = fetch_part
        self._on_progress = on_progress
        self._allowed = self._left = seconds

    async def hold(self, order: wire.Order) -> wire.Last | None:
        """Talks until the child's last word; None where it went without one."""
        await self._send(jobs.to_json(wire.ORDER, order))
        while line := await self._listen():
            match _understood(line):
                case wire.Need(part):
                    await self._send(jobs.to_json(wire.ANSWER, await self._find(part)))
                case wire.Progress(done):
                    if self._on_progress is not None:
                        self._on_progress(done)
                case last:
                    return last
        return None

    async def _listen(self) -> bytes:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(self._left):
                line = await self._stdout.readline()
        except TimeoutError:
            raise ChildTimedOut(self._allowed) from None
        except ValueError as failure:  # longer than MAX_LINE
            raise ChildFailed("the media process talks without end") from failure
        self._left = max(0.0, self._left - (clock() - began))
        return line if line.endswith(b"\n") else b""

    async def _find(self, part: int) -> wire.Answer:
        try:
            return wire.Here(str((await self._fetch_part(part)).absolute()))
        except PartUnavailable as gone:
            return wire.Gone(gone.why)

    async def _send(self, line: str) -> None:
        with contextlib.suppress(ConnectionError):  # a child that died is seen by the next read
            self._stdin.write(line.encode() + b"\n")
            await self._stdin.drain()


async def _tail(stream: asyncio.StreamReader) -> str:
    kept = b""
    while block := await stream.read(4096):
        kept = (kept + block)[-_STDERR_KEPT:]
    return kept.decode(errors="replace").strip()


def _environment() -> dict[str, str]:
    """Nothing of the parent's environment but what Python needs: no credentials where strangers' bytes are decoded."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    # One allocator arena a thread would spend the address-space limit on nothing.
    return kept | {"PYTHONPATH": str(_ROOT), "MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}

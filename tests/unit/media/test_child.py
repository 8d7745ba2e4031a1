"""Media children: they answer, they refuse what is no video, and they end whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from svc_transcode.media import jobs
from svc_transcode.media.errors import (
    ChildCrashed,
    ChildExhausted,
    ChildTimedOut,
    MediaRejected,
    PartUnavailable,
    RejectReason,
    Spent,
)
from svc_transcode.media.ladder import ladder
from svc_transcode.media.limits import ChildLimits
from svc_transcode.media.runner import FetchPart, run_child

from .conftest import Clip, steady


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path


def parts_of(*files: Path) -> tuple[jobs.Source, FetchPart]:
    async def fetch(index: int) -> Path:
        return files[index]

    return jobs.Source(tuple(file.stat().st_size for file in files if file.stat().st_size)), fetch


async def probed(path: Path, workdir: Path) -> jobs.Probed:
    source, fetch = parts_of(path)
    return await run_child(jobs.ProbeJob(source), fetch, workdir)


async def test_a_file_goes_all_the_way_through_children(bunny: Path, workdir: Path) -> None:
    source, fetch = parts_of(bunny)
    info = (await run_child(jobs.ProbeJob(source), fetch, workdir)).info
    rungs = ladder(info.video.width, info.video.height)
    told: list[int] = []
    job = jobs.VideoJob(source, info, Fraction(0), Fraction(2), rungs, "ultrafast")
    made = await run_child(job, fetch, workdir, on_progress=told.append)
    assert [track.quality for track in made.tracks] == ["360p", "720p"]
    assert made.frames == told[-1] == 50
    for track in made.tracks:
        files = [track.init, *(segment.file for segment in track.segments)]
        own, fetch_own = parts_of(*(workdir / file.path for file in files))
        verified = await run_child(jobs.VerifyJob(own), fetch_own, workdir)
        assert (verified.frames, verified.first, verified.end) == (50, 0, 2)
    sound = await run_child(jobs.AudioJob(source, info, info.audio[0].stream_index), fetch, workdir)
    assert sound.track is not None
    assert sound.track.samples == 250
    stills = await run_child(jobs.ThumbnailJob(source, info, (Fraction(1),)), fetch, workdir)
    files = [f for t in made.tracks for f in (t.init, *(s.file for s in t.segments))] + [stills.thumbnails[0].file]
    assert all(hashed(workdir / file.path) == file.sha256 for file in files)


def hashed(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(65 * 64)))
        + chunk(b"IEND", b"")
    )


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nbunny.mp4\n#EXT-X-ENDLIST\n"
SESSION = b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 5004 RTP/AVP 96\n"
GRAPHIC = b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'

BAD: dict[str, tuple[bytes, RejectReason]] = {
    "nothing": (b"", RejectReason.EMPTY),
    "a text": (b"Once upon a time there was a text.\n" * 99, RejectReason.NOT_A_VIDEO),
    "zeros": (bytes(100_000), RejectReason.NOT_A_VIDEO),
    "noise": (random.Random(7).randbytes(200_000), RejectReason.NOT_A_VIDEO),
    "a picture": (png(), RejectReason.NOT_A_VIDEO),
    "a vector graphic": (GRAPHIC, RejectReason.NOT_A_VIDEO),
    "a playlist": (PLAYLIST, RejectReason.NOT_A_VIDEO),
    "an ffconcat script": (b"ffconcat version 1.0\nfile bunny.mp4\n", RejectReason.NOT_A_VIDEO),
    "a session description": (SESSION, RejectReason.NOT_A_VIDEO),
    "subtitles": (b"1\n00:00:00,000 --> 00:00:02,000\nHello\n\n", RejectReason.NOT_A_VIDEO),
    "a photograph in a video's box": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(5000), RejectReason.NOT_A_VIDEO),
    "a video format that is not accepted": (b"OggS\0\x02" + bytes(5000), RejectReason.UNSUPPORTED_FORMAT),
    "a box that promises a video": (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(5000), RejectReason.DAMAGED),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_video_is_refused_with_a_reason(name: str, tmp_path: Path, workdir: Path) -> None:
    data, reason = BAD[name]
    path = workdir / "bunny.mp4"  # what a playlist or script would reach, were it followed
    path.write_bytes(data)
    with pytest.raises(MediaRejected) as refused:
        await probed(path, workdir)
    assert refused.value.reason is reason
    assert refused.value.sentence.endswith(".")


def truncated(path: Path, workdir: Path, kept: float) -> Path:
    cut, data = workdir / "cut.mp4", path.read_bytes()
    cut.write_bytes(data[: int(len(data) * kept)])
    return cut


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
async def test_a_truncated_file_is_damaged(bunny: Path, workdir: Path, kept: float) -> None:
    path = truncated(bunny, workdir, kept)
    with pytest.raises(MediaRejected) as refused:
        await probed(path, workdir)
    assert refused.value.reason is RejectReason.DAMAGED


async def test_a_truncated_file_with_its_index_in_front_is_damaged(make: Callable[[Clip], Path], workdir: Path) -> None:
    path = make(Clip(times=steady(100), noise=True, container_options={"movflags": "faststart"}))
    path = truncated(path, workdir, 0.5)
    with pytest.raises(MediaRejected, match="incomplete") as refused:
        await probed(path, workdir)
    assert refused.value.reason is RejectReason.DAMAGED


async def test_a_file_that_is_cut_within_its_index_is_damaged(make: Callable[[Clip], Path], workdir: Path) -> None:
    path = truncated(make(Clip(times=steady(10))), workdir, 0.9)
    with pytest.raises(MediaRejected, match="incomplete") as refused:
        await probed(path, workdir)
    assert refused.value.reason is RejectReason.DAMAGED


async def test_sound_alone_has_no_video_stream(make: Callable[[Clip], Path], workdir: Path) -> None:
    whole = make(Clip(times=steady(2), sound=Fraction(1)))
    alone = workdir / "sound.mp4"
    _keep_sound(whole, alone)
    with pytest.raises(MediaRejected) as refused:
        await probed(alone, workdir)
    assert refused.value.reason is RejectReason.NO_VIDEO_STREAM


async def test_a_codec_that_is_not_accepted_is_named(make: Callable[[Clip], Path], workdir: Path) -> None:
    path = make(Clip("clip.mkv", times=steady(5), codec="ffv1", options={}))
    with pytest.raises(MediaRejected, match="ffv1") as refused:
        await probed(path, workdir)
    assert refused.value.reason is RejectReason.UNSUPPORTED_CODEC


@pytest.mark.parametrize("seed", range(4))
async def test_a_file_with_flipped_bytes_is_refused_or_survived(bunny: Path, workdir: Path, seed: int) -> None:
    path = flipped(bunny, workdir, seed)
    source, fetch = parts_of(path)
    with contextlib.suppress(MediaRejected):  # and nothing else: no crash, no time-out
        info = (await probed(path, workdir)).info
        rungs = ladder(info.video.width, info.video.height)[:1]
        made = await run_child(jobs.VideoJob(source, info, Fraction(0), None, rungs, "ultrafast"), fetch, workdir)
        assert made.frames > 0


def flipped(path: Path, workdir: Path, seed: int) -> Path:
    dice, data = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(400):
        data[dice.randrange(len(data))] = dice.randrange(256)
    broken = workdir / "broken.mp4"
    broken.write_bytes(data)
    return broken


async def test_a_part_that_never_comes_is_named(bunny: Path, workdir: Path) -> None:
    async def fetch(index: int) -> Path:
        raise PartUnavailable(index, "the upload was aborted")

    with pytest.raises(PartUnavailable, match=r"part 0 .* the upload was aborted"):
        await run_child(jobs.ProbeJob(jobs.Source((1000, 1000))), fetch, workdir)


async def test_a_fault_of_the_fetcher_is_not_hidden(workdir: Path) -> None:
    async def fetch(_: int) -> Path:
        raise ConnectionError("object storage is down")

    with pytest.raises(ConnectionError, match="object storage is down"):
        await run_child(jobs.ProbeJob(jobs.Source((1000,))), fetch, workdir)


async def test_waiting_for_a_part_is_not_counted_as_work(bunny: Path, workdir: Path) -> None:
    source, fetch = parts_of(bunny)

    async def slow(index: int) -> Path:
        await asyncio.sleep(3.5)
        return await fetch(index)

    assert await run_child(jobs.ProbeJob(source), slow, workdir, limits=ChildLimits(wall_seconds=3))


def long_job(source: jobs.Source, info: jobs.SourceInfo) -> jobs.VideoJob:
    return jobs.VideoJob(source, info, Fraction(0), None, ladder(3840, 2160), "veryslow")


async def test_a_child_that_works_too_long_is_killed(bunny: Path, workdir: Path) -> None:
    source, fetch = parts_of(bunny)
    info = (await probed(bunny, workdir)).info
    with pytest.raises(ChildTimedOut, match=r"within 1\.5 s"):
        await run_child(long_job(source, info), fetch, workdir, limits=ChildLimits(wall_seconds=1.5))
    assert not children()


async def test_a_child_that_uses_too_much_cpu_is_killed_by_its_own_limit_and_that_is_known(
    bunny: Path, workdir: Path
) -> None:
    source, fetch = parts_of(bunny)
    info = (await probed(bunny, workdir)).info
    with pytest.raises(ChildExhausted) as exhausted:
        await run_child(long_job(source, info), fetch, workdir, limits=ChildLimits(cpu_seconds=1))
    assert exhausted.value.spent is Spent.WORK


@pytest.mark.skipif(sys.platform == "darwin", reason="RLIMIT_AS does not work on macOS")
@pytest.mark.parametrize("mebibytes", [450, 700, 1000])
async def test_a_child_that_uses_too_much_memory_fails_alone_and_says_why(
    bunny: Path, workdir: Path, mebibytes: int
) -> None:
    source, fetch = parts_of(bunny)
    info = (await probed(bunny, workdir)).info
    with pytest.raises(ChildExhausted) as exhausted:
        await run_child(long_job(source, info), fetch, workdir, limits=ChildLimits(address_space=mebibytes << 20))
    assert exhausted.value.spent is Spent.MEMORY


async def test_a_child_cannot_write_a_file_beyond_its_limit(bunny: Path, workdir: Path) -> None:
    source, fetch = parts_of(bunny)
    info = (await probed(bunny, workdir)).info
    job = jobs.ThumbnailJob(source, info, (Fraction(1),))
    with pytest.raises(ChildCrashed):
        await run_child(job, fetch, workdir, limits=ChildLimits(file_size=1000))
    assert all(size <= 1000 for size in sizes(workdir))


def sizes(folder: Path) -> list[int]:
    return [path.stat().st_size for path in folder.rglob("*") if path.is_file()]


async def test_cancelling_ends_the_child(bunny: Path, workdir: Path) -> None:
    source, fetch = parts_of(bunny)
    info = (await probed(bunny, workdir)).info
    running = asyncio.create_task(run_child(long_job(source, info), fetch, workdir))
    while not children():  # noqa: ASYNC110  # nothing tells when a process has come up
        await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not children()


PARENT = """
import asyncio, sys
from pathlib import Path
from svc_transcode.media import jobs
from svc_transcode.media.runner import run_child

async def fetch(index):
    print("asked", flush=True)
    await asyncio.sleep(60)

asyncio.run(run_child(jobs.ProbeJob(jobs.Source((1000,))), fetch, Path(sys.argv[1])))
"""


def test_a_child_dies_with_its_parent(workdir: Path) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", PARENT, str(workdir)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "asked\n"
        (child,) = children(parent.pid)
        parent.kill()
    deadline = time.monotonic() + 10
    while running(child):
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.05)


def running(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.strip().startswith("Z")


def test_the_parent_never_loads_a_decoder() -> None:
    program = (
        "import sys; import svc_transcode.media.runner, svc_transcode.media.package; sys.exit('av' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="another process's environment can be read on Linux alone")
async def test_a_child_knows_nothing_of_its_parents_secrets(
    bunny: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDMESH_SECRET", "hunter2")
    seen: list[bytes] = []
    source, fetch = parts_of(bunny)

    async def looking(index: int) -> Path:
        seen.extend(environment(pid) for pid in children())
        return await fetch(index)

    await run_child(jobs.ProbeJob(source), looking, workdir)
    assert seen
    assert not any(b"hunter2" in told for told in seen)


def environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def children(of: int | None = None) -> list[int]:
    """Process ids of the media children of a process, by default this one."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [
        int(pid)
        for pid, parent, args in rows
        if int(parent) == (of or os.getpid()) and "svc_transcode.media.child" in args
    ]


def _keep_sound(whole: Path, alone: Path) -> None:
    import av

    with av.open(str(whole)) as source, av.open(str(alone), "w") as target:
        stream = source.streams.audio[0]
        copy = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)

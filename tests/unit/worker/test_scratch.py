"""A worker's folder: alone in it, gone at its end, and what the dead left is removed."""

# ruff: noqa: ASYNC240 (small files, and nothing else runs)
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from svc_transcode.worker.scratch import ScratchTakenError, open_scratch

HOLDER = """
import asyncio, sys
from pathlib import Path
from svc_transcode.worker.scratch import open_scratch

async def main():
    async with open_scratch(Path(sys.argv[1]), "holder") as folder:
        (folder / "part").write_bytes(b"1")
        print("open", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_the_folder_is_empty_at_first_and_gone_afterwards(tmp_path: Path) -> None:
    root = tmp_path / "scratch"
    (root / "one").mkdir(parents=True)
    (root / "one" / "left").write_bytes(b"1")
    async with open_scratch(root, "one") as folder:
        assert list(folder.iterdir()) == []
        (folder / "part").write_bytes(b"1")
    assert list(root.iterdir()) == []


async def test_two_workers_of_one_name_do_not_share(tmp_path: Path) -> None:
    async with open_scratch(tmp_path, "one"), open_scratch(tmp_path, "two"):
        with pytest.raises(ScratchTakenError, match="another name"):
            async with open_scratch(tmp_path, "one"):
                pass


async def test_what_a_killed_worker_left_is_removed_by_the_next_but_not_what_a_living_one_has(tmp_path: Path) -> None:
    command = (sys.executable, "-c", HOLDER, str(tmp_path))
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220 (starting takes no time)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        async with open_scratch(tmp_path, "next"):
            assert (tmp_path / "holder" / "part").exists()
        holder.kill()
        holder.wait()
        async with open_scratch(tmp_path, "next"):
            assert sorted(path.name for path in tmp_path.iterdir()) == ["next", "next.lock"]
    finally:
        holder.kill()
        holder.wait()
        if holder.stdout is not None:
            holder.stdout.close()

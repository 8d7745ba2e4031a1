"""Indexes of SeaweedFS volumes that lag behind their data, as a power cut leaves them.

A volume syncs its data (`.dat`) and not its index (`.idx`), which can be made anew from the data. The volume server
does not see by itself that entries are missing: it would look for those objects in vain.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mesh.local.errors import StackError

if TYPE_CHECKING:
    from pathlib import Path

# Layout of an index entry, and of what surrounds a needle in the data: weed's storage/types and storage/needle.
ENTRY = 17
HEADER = 16
CHECKSUM_AND_TIME = 12
ALIGNMENT = 8
SUPER_BLOCK = 8
"""Bytes of a volume's data before its first needle."""

PATIENCE = 600.0


def lagging(folder: Path) -> list[Path]:
    """Indexes in this folder that do not reach to the end of their volume's data."""
    found: list[Path] = []
    for index in sorted(folder.glob("*.idx")):
        data = index.with_suffix(".dat")
        size = data.stat().st_size if data.exists() else 0
        if size > SUPER_BLOCK and _indexed(index) != size:
            found.append(index)
    return found


async def index_again(weed: Path, index: Path) -> None:
    """Makes an index anew from its volume's data. Raises `StackError` where that cannot be done."""
    collection, _, number = index.stem.rpartition("_")
    process = await asyncio.create_subprocess_exec(
        str(weed),
        "fix",
        f"-volumeId={number}",
        f"-collection={collection}",
        str(index.parent),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise StackError(
            f"The index of volume {index.stem} cannot be made anew", tuple(said.decode().splitlines()[-15:])
        )


def _indexed(index: Path) -> int:
    """How far into its data an index reaches."""
    size = index.stat().st_size
    if size < ENTRY:
        return SUPER_BLOCK
    with index.open("rb") as file:
        file.seek(size - size % ENTRY - ENTRY)
        entry = file.read(ENTRY)
    # 8 bytes of key, the lower four of the offset in units of 8 bytes, its fifth, and the size; big-endian.
    offset = (int.from_bytes(entry[8:12]) + (entry[12] << 32)) * ALIGNMENT
    # A deletion has size -1, and a needle without content.
    content = max(0, int.from_bytes(entry[13:17], signed=True))
    end = offset + HEADER + content + CHECKSUM_AND_TIME
    # A needle that fits is padded all the same.
    return end + ALIGNMENT - end % ALIGNMENT

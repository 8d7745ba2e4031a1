"""SQLite files: one process each, versions that only grow, and nobody else's files."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mesh.tables import (
    AlreadyOpen,
    NewerFormat,
    Schema,
    SchemaMismatch,
    Table,
    Unavailable,
    UpdateStatic,
    desc,
    integer,
    open_tables,
    text,
)

OLD = Table("notes", (text("home"), integer("at"), text("body")), ("home",), ("at",))
GROWN = Table(
    "notes",
    (
        text("home"),
        integer("at"),
        text("body"),
        text("mood", since=2),
        integer("order", since=2, static=True),
        text("title", since=2, static=True),
        integer("more", since=3, static=True),
    ),
    ("home",),
    ("at",),
)
ADDED = Table("added", (text("id"), text("late", since=3)), ("id",), since=2)
ONE = Schema("svc", 1, (OLD,))
THREE = Schema("svc", 3, (GROWN, ADDED))
ROW = {"home": "h", "at": 1, "body": "b"}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite://{tmp_path}/svc.db"


async def test_newer_columns_tables_and_statics_are_added_to_older_data(url: str) -> None:
    async with open_tables(url, ONE) as tables:
        await tables.put(OLD, ROW)
    for _ in range(2):
        async with open_tables(url, THREE) as tables:
            assert await tables.get(GROWN, {"home": "h", "at": 1}) == {**ROW, "mood": None}
            assert await tables.insert(ADDED, {"id": "x", "late": "l"})
            assert await tables.commit(GROWN, {"home": "h"}, UpdateStatic({"title": "t", "more": 1}))
            assert await tables.get_static(GROWN, {"home": "h"}) == {"order": None, "title": "t", "more": 1}
            await tables.delete(ADDED, {"id": "x"})


async def test_data_of_a_newer_programme_is_refused_and_left_alone(url: str, tmp_path: Path) -> None:
    async with open_tables(url, THREE):
        pass
    before = (tmp_path / "svc.db").read_bytes()
    with pytest.raises(NewerFormat, match="svc has version 3, and this programme knows 1"):
        async with open_tables(url, ONE):
            pass
    assert (tmp_path / "svc.db").read_bytes() == before
    async with open_tables(url, THREE):
        pass


async def test_a_newer_layout_is_refused(url: str, tmp_path: Path) -> None:
    async with open_tables(url, ONE):
        pass
    with closing(sqlite3.connect(tmp_path / "svc.db")) as connection, connection:
        connection.execute("UPDATE _meta SET value = 2 WHERE name = 'layout'")
    with pytest.raises(NewerFormat, match="layout 2"):
        async with open_tables(url, ONE):
            pass


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (Schema("else", 1, (OLD,)), "belongs to svc"),
        (Schema("svc", 1, ()), "changed its tables: notes"),
        (Schema("svc", 1, (OLD, Table("two", (text("id"),), ("id",)))), "changed its tables: two"),
        (Schema("svc", 1, (Table("notes", OLD.columns, ("home",), (desc("at"),)),)), "table notes of svc"),
        (Schema("svc", 1, (Table("notes", (*OLD.columns, text("new")), ("home",), ("at",)),)), "table notes"),
        (Schema("svc", 1, (Table("notes", OLD.columns[:2], ("home",), ("at",)),)), "table notes of svc"),
        (Schema("svc", 2, (Table("notes", OLD.columns, ("home",), ("at",), expiring=True),)), "table notes"),
    ],
)
async def test_a_schema_that_did_not_only_grow_is_refused(url: str, other: Schema, why: str) -> None:
    async with open_tables(url, ONE):
        pass
    with pytest.raises(SchemaMismatch, match=why):
        async with open_tables(url, other):
            pass


async def test_a_file_of_another_programme_is_refused(url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "svc.db")) as connection:
        connection.execute("CREATE TABLE bookmarks(url TEXT)")
    with pytest.raises(SchemaMismatch, match="not made by vidmesh"):
        async with open_tables(url, ONE):
            pass


async def test_a_file_that_is_no_database_is_unavailable(url: str, tmp_path: Path) -> None:
    (tmp_path / "svc.db").write_bytes(b"no database at all, but long enough to be read as one" * 100)
    for _ in range(2):
        with pytest.raises(Unavailable, match="NOTADB"):
            async with open_tables(url, ONE):
                pass


async def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot be opened"):
        async with open_tables(f"sqlite://{tmp_path}/file/svc.db", ONE):
            pass


async def test_the_file_is_nobody_elses_to_read(url: str, tmp_path: Path) -> None:
    def modes() -> set[int]:
        return {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}

    async with open_tables(url, ONE) as tables:
        await tables.put(OLD, ROW)
        assert modes() == {0}


async def test_a_second_opening_is_refused_until_the_first_is_closed(url: str) -> None:
    async with open_tables(url, ONE):
        with pytest.raises(AlreadyOpen, match="one file, one process"):
            async with open_tables(url, ONE):
                pass
    async with open_tables(url, ONE):
        pass


async def test_the_lock_goes_with_its_process(url: str, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from mesh.tables.sqlite_lock import FileLock;"
        "lock = FileLock.take(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        str(tmp_path / "svc.db.lock"),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    try:
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyOpen, match=f"process {holder.pid}"):
            async with open_tables(url, ONE):
                pass
    finally:
        holder.kill()
        await holder.communicate()
    async with open_tables(url, ONE):
        pass

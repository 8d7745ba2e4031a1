"""Dumps: what goes in comes out, on another engine, in pieces or at once; what was changed is refused."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mesh.tables import (
    NewerFormat,
    Schema,
    SchemaMismatch,
    Table,
    Transferable,
    Unavailable,
    UpdateStatic,
    Values,
    blob,
    boolean,
    desc,
    integer,
    open_tables,
    real,
    text,
    timestamp,
)
from mesh.transfer import DumpDamaged, DumpUnfinished, NotEmpty, compare, dump, load
from mesh.transfer.frames import FrameWriter, read_frames
from mesh.transfer.shapes import header_of
from vidmesh.transfer.v1 import dump_pb2

THINGS = Table(
    "things",
    columns=(
        text("home"),
        timestamp("made"),
        integer("number"),
        blob("data"),
        real("share"),
        boolean("good"),
        text("note"),
        integer("sum", static=True),
        text("label", static=True),
    ),
    partition_key=("home",),
    clustering_key=(desc("made"), "number"),
)
TICKETS = Table("tickets", columns=(text("id"), integer("seen"), text("who")), partition_key=("id",), expiring=True)
EMPTY = Table("empty", columns=(text("id"),), partition_key=("id",))
SCHEMA = Schema("copied", version=1, tables=(THINGS, TICKETS, EMPTY))

START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


async def fill(tables: Transferable) -> None:
    chance = random.Random(7)
    for number in range(300):
        await tables.put(
            THINGS,
            {
                "home": f"h{number % 9}",
                "made": START - timedelta(microseconds=number),
                "number": chance.randrange(-(2**63), 2**63),
                "data": None if number % 5 == 0 else chance.randbytes(number * 20),
                "share": chance.random(),
                "good": [None, True, False][number % 3],
                "note": ["", "Ω≈ç√ \x00 𐍈", None][number % 3],
            },
            durable=False,
        )
    for number in range(7, 12):
        await tables.commit(THINGS, {"home": f"h{number}"}, UpdateStatic({"sum": number}))
    await tables.put(TICKETS, {"id": "for ever", "seen": 1})
    await tables.put(TICKETS, {"id": "an hour", "seen": 2, "who": "w"}, ttl=timedelta(hours=1))


def opened(folder: Path, name: str, schema: Schema = SCHEMA):
    return open_tables(f"sqlite://{folder}/{name}.db", schema)


class Breaking:
    """Tables that fail at the n-th walk, or the n-th put, as an engine that goes away does."""

    def __init__(self, tables: Transferable, after: int) -> None:
        self._tables = tables
        self._left = after

    def __getattr__(self, name: str):
        if name in {"walk", "put"}:
            self._left -= 1
            if self._left < 0:
                raise Unavailable("the engine went away")
        return getattr(self._tables, name)


def breaking(tables: Transferable, after: int) -> Transferable:
    broken: object = Breaking(tables, after)
    return broken  # type: ignore[return-value]


async def test_everything_arrives_on_another_engine_and_is_compared_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "copied.dump"
    async with opened(tmp_path, "a") as source, opened(tmp_path, "b") as target:
        await fill(source)
        totals = await dump(source, path)
        assert (totals.rows["things"], totals.statics["things"], totals.rows["tickets"]) == (300, 5, 2)
        assert not (await compare(path, target)).same
        assert (await load(path, target, tmp_path / "journal", "b")).rows == totals.rows
        report = await compare(path, target)
        assert report.same, report.sentence()
        assert report.equal == 307
        assert (await compare(path, source)).same
        # And by a second way: pages of both, side by side.
        for table in SCHEMA.tables:
            assert (await source.walk(table, limit=1000)).rows == (await target.walk(table, limit=1000)).rows


async def test_rows_keep_the_time_at_which_they_end(tmp_path: Path) -> None:
    path = tmp_path / "copied.dump"
    keys: Sequence[Values] = [{"id": "an hour"}, {"id": "for ever"}]
    async with opened(tmp_path, "a") as source, opened(tmp_path, "b") as target:
        await fill(source)
        await source.put(TICKETS, {"id": "soon", "seen": 3}, ttl=timedelta(microseconds=1))
        await dump(source, path)
        await load(path, target, tmp_path / "journal", "b")
        (before, _), (after, never) = await source.expiries(TICKETS, keys), await target.expiries(TICKETS, keys)
        assert before is not None
        assert after is not None
        assert abs(after - before) < timedelta(seconds=1)
        assert never is None
        assert await target.get(TICKETS, {"id": "soon"}) is None


@pytest.mark.parametrize("after", [1, 3, 5])
async def test_a_cut_off_export_goes_on_and_holds_each_row_once(tmp_path: Path, after: int) -> None:
    path = tmp_path / "copied.dump"
    async with opened(tmp_path, "a") as source, opened(tmp_path, "b") as target:
        await fill(source)
        with pytest.raises(Unavailable):
            await dump(breaking(source, after), path)
        # The last block was not written to its end.
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - 3)
        with pytest.raises(DumpUnfinished):
            await load(path, target, tmp_path / "journal", "b")
        kept = sum(1 for _ in _whole(path))
        assert kept >= 1
        assert (await dump(source, path)).rows["things"] == 300
        await load(path, target, tmp_path / "journal", "b")
        assert (await compare(path, target)).same


def _whole(path: Path) -> Iterator[object]:
    try:
        yield from read_frames(path)
    except DumpUnfinished:
        return


async def test_a_finished_dump_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "copied.dump"
    async with opened(tmp_path, "a") as source:
        await fill(source)
        await dump(source, path)
        content = path.read_bytes()
        await dump(source, path)
        assert path.read_bytes() == content


@pytest.mark.parametrize("after", [60, 100, 299])
async def test_a_cut_off_import_goes_on_into_the_same_target_alone(tmp_path: Path, after: int) -> None:
    path, journal = tmp_path / "copied.dump", tmp_path / "journal"
    async with opened(tmp_path, "a") as source, opened(tmp_path, "b") as target:
        await fill(source)
        await dump(source, path)
        with pytest.raises(Unavailable):
            await load(path, breaking(target, after + 4), journal, "b")
        with pytest.raises(NotEmpty):
            await load(path, target, journal, "another")
        await load(path, target, journal, "b")
        assert (await compare(path, target)).same


async def test_a_target_with_rows_of_its_own_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "copied.dump"
    async with opened(tmp_path, "a") as source, opened(tmp_path, "b") as target:
        await dump(source, path)
        await target.commit(THINGS, {"home": "mine"}, UpdateStatic({"sum": 1}))
        with pytest.raises(NotEmpty):
            await load(path, target, tmp_path / "journal", "b")


async def test_what_is_missing_different_or_more_is_counted_by_table(tmp_path: Path) -> None:
    path = tmp_path / "copied.dump"
    async with opened(tmp_path, "a") as source, opened(tmp_path, "b") as target:
        await fill(source)
        await dump(source, path)
        await load(path, target, tmp_path / "journal", "b")
        page = await target.walk(THINGS, limit=3)
        keys = [{name: row[name] for name in ("home", "made", "number")} for row in page.rows]
        await target.delete(THINGS, keys[0])
        await target.update(THINGS, keys[1], {"note": "changed"}, expect={})
        await target.commit(THINGS, {"home": "h8"}, UpdateStatic({"sum": 9}))
        await target.put(TICKETS, {"id": "an hour", "seen": 2, "who": "w"}, ttl=timedelta(hours=2))
        await target.put(EMPTY, {"id": "more"})
        report = await compare(path, target)
        assert report.different == {"things": 3, "tickets": 1}
        assert report.extra == {"empty": 1}
        assert "3 rows of things" in report.sentence()


async def test_a_changed_byte_is_found_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "copied.dump"
    async with opened(tmp_path, "a") as source, opened(tmp_path, "b") as target:
        await fill(source)
        await dump(source, path)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        with pytest.raises(DumpDamaged):
            await load(path, target, tmp_path / "journal", "b")
        assert (await target.walk(THINGS, limit=1)).rows == ()
        with pytest.raises(DumpDamaged):
            await dump(source, path)


async def test_a_dump_of_an_older_version_is_taken_and_of_a_newer_one_refused(tmp_path: Path) -> None:
    old = Table("notes", columns=(text("id"), text("what")), partition_key=("id",))
    new = Table("notes", columns=(text("id"), text("what"), integer("stars", since=2)), partition_key=("id",))
    first, second = Schema("copied", 1, (old,)), Schema("copied", 2, (new,))
    path = tmp_path / "copied.dump"
    async with opened(tmp_path, "a", first) as source:
        await source.put(old, {"id": "1", "what": "w"})
        await dump(source, path)
    async with opened(tmp_path, "b", second) as target:
        await load(path, target, tmp_path / "journal", "b")
        assert await target.get(new, {"id": "1"}) == {"id": "1", "what": "w", "stars": None}
        assert (await compare(path, target)).same
        newer = tmp_path / "newer.dump"
        await dump(target, newer)
    async with opened(tmp_path, "c", first) as old_programme:
        with pytest.raises(NewerFormat):
            await load(newer, old_programme, tmp_path / "journal", "c")
    async with opened(tmp_path, "d") as other_shape:
        with pytest.raises(SchemaMismatch):
            await load(path, other_shape, tmp_path / "journal", "d")


async def test_a_file_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "copied.dump"
    header = header_of(SCHEMA, START)
    header.format += 1
    with FrameWriter(path) as file:
        file.write(dump_pb2.Frame(header=header))
        file.write(dump_pb2.Frame(trailer=dump_pb2.Trailer()))
    async with opened(tmp_path, "a") as tables:
        with pytest.raises(NewerFormat, match="format 2"):
            await load(path, tables, tmp_path / "journal", "a")


async def test_nobody_else_on_the_machine_can_read_a_dump(tmp_path: Path) -> None:
    async with opened(tmp_path, "a") as source:
        await dump(source, tmp_path / "copied.dump")
    assert (tmp_path / "copied.dump").stat().st_mode & 0o077 == 0


async def test_what_is_retired_since_is_left_out_and_what_stands_beside_it_arrives(tmp_path: Path) -> None:
    path = tmp_path / "copied.dump"
    async with opened(tmp_path, "a") as source:
        await fill(source)
        await dump(source, path)
    columns = {column.name: column for column in THINGS.columns}
    kept = ("home", "made", "number", "data", "share", "good")
    newer = Schema(
        "copied",
        version=2,
        tables=(
            Table(
                "things",
                columns=(
                    *(columns[name] for name in kept),
                    text("note", retired=2),
                    integer("sum", static=True, retired=2),
                    text("label", static=True, retired=2),
                ),
                partition_key=("home",),
                clustering_key=(desc("made"), "number"),
            ),
            Table("tickets", TICKETS.columns, ("id",), expiring=True, retired=2),
            EMPTY,
        ),
    )
    async with opened(tmp_path, "b", newer) as target:
        await load(path, target, tmp_path / "journal", "b")
        assert (await compare(path, target)).same
        again = await dump(target, tmp_path / "again.dump")
        assert +again.rows == {"things": 300}
        assert not +again.statics
    async with opened(tmp_path, "c", newer) as target:
        await load(tmp_path / "again.dump", target, tmp_path / "journal-c", "c")
        assert (await compare(tmp_path / "again.dump", target)).equal == 300

"""A state machine that drives an engine and a dictionary side by side, and compares all that can be seen.

A subclass supplies `open_tables` and `close_tables`; its name for pytest is `Subclass.TestCase`.
"""
# ruff: noqa: S101 (assertions are what a suite is made of)

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, Final, TypeAlias, TypeVar
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mesh.tables import (
    Check,
    Delete,
    Insert,
    Operation,
    Page,
    Put,
    Row,
    Schema,
    Table,
    Tables,
    Update,
    UpdateStatic,
    Value,
    desc,
    integer,
    text,
)

ROWS: Final = Table(
    "rows",
    columns=(
        text("home"),
        integer("one"),
        text("two"),
        integer("a"),
        text("b"),
        integer("s", static=True),
    ),
    partition_key=("home",),
    clustering_key=(desc("one"), "two"),
)
SCHEMA: Final = Schema("stateful", version=1, tables=(ROWS,))

T = TypeVar("T")
Key: TypeAlias = tuple[int, str]
Cells: TypeAlias = dict[str, Value]

homes = st.sampled_from(["p", "q"])
keys = st.tuples(st.integers(0, 3), st.sampled_from(["", "x", "é"]))
cells = st.fixed_dictionaries(
    {}, optional={"a": st.none() | st.integers(0, 2), "b": st.none() | st.sampled_from(["", "v"])}
)
changes = cells.filter(bool)
statics = st.none() | st.integers(0, 2)
operations = st.one_of(
    *(st.tuples(st.just(kind), keys, changes, cells) for kind in (Insert, Put, Update, Delete, Check)),
    st.tuples(st.just(UpdateStatic), st.just(None), statics, statics),
)


def columns_of(key: Key) -> Cells:
    """The clustering columns of a model's key."""
    return {"one": key[0], "two": key[1]}


class Model:
    """What a partition should hold."""

    def __init__(self) -> None:
        self.rows: dict[Key, Cells] = {}
        self.static: Value = None

    def put(self, key: Key, values: Cells) -> None:
        """Write some cells of a row."""
        self.rows[key] = {"a": None, "b": None, **self.rows.get(key, {}), **values}

    def fits(self, key: Key, expect: Cells) -> bool:
        """Whether a row is there and as expected."""
        row = self.rows.get(key)
        return row is not None and all(row[name] == value for name, value in expect.items())

    def ordered(self, home: str) -> list[Row]:
        """All rows in the table's order."""
        order = sorted(self.rows, key=lambda key: (-key[0], key[1].encode()))
        return [{"home": home, **columns_of(key), **self.rows[key]} for key in order]


class TablesMachine(RuleBasedStateMachine):
    """Compares an engine with `Model`; each example has partitions of its own in a database that may be shared."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    tables: ClassVar[Tables]

    def __init__(self) -> None:
        super().__init__()
        self.name = uuid4().hex
        self.models = {"p": Model(), "q": Model()}
        self.paging: tuple[str, bool, Page, list[Row], list[Row]] | None = None

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Run one call of the engine to its end."""
        return self.loop.run_until_complete(call)

    def partition(self, home: str) -> Cells:
        """The partition's key in the database."""
        return {"home": self.name + home}

    def key(self, home: str, key: Key) -> Cells:
        """A row's key in the database."""
        return {**self.partition(home), **columns_of(key)}

    @rule(home=homes, key=keys, values=cells, durable=st.booleans())
    def put(self, home: str, key: Key, values: Cells, durable: bool) -> None:
        self.run(self.tables.put(ROWS, {**self.key(home, key), **values}, durable=durable))
        self.models[home].put(key, values)

    @rule(home=homes, key=keys, values=cells)
    def insert(self, home: str, key: Key, values: Cells) -> None:
        missing = key not in self.models[home].rows
        assert self.run(self.tables.insert(ROWS, {**self.key(home, key), **values})) == missing
        if missing:
            self.models[home].put(key, values)

    @rule(home=homes, key=keys, values=changes, expect=cells)
    def update(self, home: str, key: Key, values: Cells, expect: Cells) -> None:
        fits = self.models[home].fits(key, expect)
        assert self.run(self.tables.update(ROWS, self.key(home, key), values, expect=expect)) == fits
        if fits:
            self.models[home].put(key, values)

    @rule(home=homes, key=keys, expect=st.none() | cells)
    def delete(self, home: str, key: Key, expect: Cells | None) -> None:
        fits = expect is None or self.models[home].fits(key, expect)
        assert self.run(self.tables.delete(ROWS, self.key(home, key), expect=expect)) == fits
        if fits:
            self.models[home].rows.pop(key, None)

    @rule(home=homes)
    def delete_partition(self, home: str) -> None:
        self.run(self.tables.delete_partition(ROWS, self.partition(home)))
        self.models[home] = Model()

    @rule(home=homes, drawn=st.lists(operations, min_size=1, max_size=5, unique_by=lambda one: one[1]))
    def commit(self, home: str, drawn: list[tuple[Any, Any, Any, Any]]) -> None:
        model = self.models[home]
        built: list[Operation] = []
        holds = True
        for kind, key, values, expect in drawn:
            where = {} if kind is UpdateStatic else columns_of(key)
            if kind is UpdateStatic:
                built.append(UpdateStatic({"s": values}, {"s": expect}))
                holds &= model.static == expect
            elif kind in {Insert, Put}:
                built.append(kind({**where, **values}))
                holds &= kind is Put or key not in model.rows
            else:
                built.append(Update(where, values, expect) if kind is Update else kind(where, expect))
                holds &= model.fits(key, expect)
        assert self.run(self.tables.commit(ROWS, self.partition(home), *built)) == holds
        for kind, key, values, _ in drawn if holds else ():
            if kind is UpdateStatic:
                model.static = values
            elif kind is Delete:
                model.rows.pop(key, None)
            elif kind is not Check:
                model.put(key, values)

    @precondition(lambda self: self.paging is None)
    @rule(home=homes, reverse=st.booleans(), limit=st.integers(1, 3))
    def begin_paging(self, home: str, reverse: bool, limit: int) -> None:
        page = self.run(self.tables.scan(ROWS, self.partition(home), reverse=reverse, limit=limit))
        before = self.models[home].ordered(self.name + home)
        self.paging = (home, reverse, page, list(page.rows), before)

    @precondition(lambda self: self.paging is not None)
    @rule(limit=st.integers(1, 3))
    def go_on_paging(self, limit: int) -> None:
        assert self.paging is not None
        home, reverse, page, found, before = self.paging
        if page.cursor is not None:
            page = self.run(
                self.tables.scan(ROWS, self.partition(home), reverse=reverse, limit=limit, cursor=page.cursor)
            )
            found = [*found, *page.rows]
            # Whatever was written since: what comes now comes after what came before, without repeats.
            places = [(-int(str(row["one"])), str(row["two"]).encode()) for row in found]
            assert places == sorted(set(places), reverse=reverse)
            after = self.models[home].ordered(self.name + home)
            self.paging = (home, reverse, page, found, [row for row in before if row in after])
        else:
            staying = [row for row in before if row in self.models[home].ordered(self.name + home)]
            key = [(row["one"], row["two"]) for row in found]
            assert all((row["one"], row["two"]) in key for row in staying)
            self.paging = None

    @invariant()
    def everything_reads_the_same(self) -> None:
        for home, model in self.models.items():
            wanted = model.ordered(self.name + home)
            page = self.run(self.tables.scan(ROWS, self.partition(home), limit=20))
            assert (list(page.rows), page.cursor) == (wanted, None)
            assert self.run(self.tables.get_static(ROWS, self.partition(home))) == {"s": model.static}
        sample = [(home, key) for home in self.models for key in ((0, ""), (3, "é"))]
        rows = self.run(self.tables.get_many(ROWS, [self.key(home, key) for home, key in sample]))
        for (home, key), row in zip(sample, rows, strict=True):
            cells = self.models[home].rows.get(key)
            assert row == (None if cells is None else {**self.key(home, key), **cells})

    def teardown(self) -> None:
        """Leave nothing behind, in a database that the next example uses too."""
        for home in self.models:
            self.run(self.tables.delete_partition(ROWS, self.partition(home)))
        leftover = self.run(self.tables.walk(ROWS, limit=1000))
        assert not any(str(row["home"]).startswith(self.name) for row in leftover.rows)

"""What has to be done to stored data, given how it stands and what is declared."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from mesh.tables import (
    InvalidRow,
    InvalidSchema,
    NewerFormat,
    NotMigrated,
    Schema,
    SchemaMismatch,
    Table,
    integer,
    text,
)
from mesh.tables.checks import row_of
from mesh.tables.cql_ddl import plan_texts as cql_texts
from mesh.tables.cql_url import parse_target
from mesh.tables.plans import (
    AddColumn,
    DropColumn,
    Step,
    contraction,
    expansion,
    no_change,
)
from mesh.tables.sqlite_ddl import plan_texts as sqlite_texts
from mesh.tables.versions import Standing

KEY = (text("home"), integer("at"))


def notes(*columns: object, **more: object) -> Table:
    return Table("notes", (*KEY, *columns), ("home",), ("at",), **more)  # type: ignore[arg-type]


OLD = notes(text("body"), text("mood"), integer("sum", static=True))
DRAFTS = Table("drafts", (text("id"),), ("id",))
ONE = Schema("svc", 1, (OLD, DRAFTS))

NEW = notes(
    text("body"),
    text("mood", retired=2),
    integer("sum", static=True, retired=2),
    text("title", since=2),
    integer("count", static=True, since=2),
)
GONE = Table("drafts", (text("id"),), ("id",), retired=2)
TAGS = Table("tags", (text("id"),), ("id",), since=2)
TWO = Schema("svc", 2, (NEW, GONE, TAGS))
THREE = Schema("svc", 3, (NEW, GONE, TAGS))
FOUR = Schema("svc", 4, (NEW, GONE, TAGS))

NOTHING = Standing("svc")


def told(steps: tuple[Step, ...]) -> list[tuple[str, ...]]:
    """Steps as words."""
    return [
        (
            type(step).__name__,
            step.table.name,
            *([step.column.name] if isinstance(step, AddColumn | DropColumn) else []),
        )
        for step in steps
    ]


def at(*schemas: Schema, standing: Standing = NOTHING) -> Standing:
    """How data stands that was opened with one schema after the other."""
    for schema in schemas:
        standing = expansion(schema, standing).after
    return standing


def stored(standing: Standing) -> Standing:
    """As it is read back."""
    return Standing(**json.loads(json.dumps(asdict(standing))))


def test_new_data_gets_everything_but_what_is_retired() -> None:
    assert told(expansion(ONE, NOTHING).steps) == [("AddTable", "notes"), ("AddTable", "drafts")]
    plan = expansion(TWO, NOTHING)
    assert told(plan.steps) == [("AddTable", "notes"), ("AddTable", "tags")]
    assert plan.after.tables["notes"]["columns"].keys() == {"home", "at", "body", "title", "count"}
    assert plan.after.oldest == 2, "version 1 uses what was never made"
    assert not contraction(TWO, plan.after).steps


def test_expanding_adds_what_is_new_and_drops_nothing() -> None:
    plan = expansion(TWO, at(ONE))
    assert told(plan.steps) == [
        ("AddColumn", "notes", "title"),
        ("AddColumn", "notes", "count"),
        ("AddTable", "tags"),
    ]
    assert (plan.after.version, plan.after.oldest) == (2, 1)
    assert plan.after.tables.keys() == {"notes", "drafts", "tags"}
    assert plan.after.tables["notes"]["columns"].keys() >= {"mood", "sum"}
    assert not plan.drops


def test_what_was_expanded_needs_nothing_more() -> None:
    assert expansion(TWO, stored(at(ONE, TWO))).is_done
    assert no_change(TWO, stored(at(ONE, TWO))).is_done


def test_the_version_before_goes_on_beside_the_new_one_and_changes_nothing() -> None:
    plan = expansion(ONE, stored(at(ONE, TWO)))
    assert plan.is_done
    assert plan.after.version == 2


def test_data_that_is_two_versions_ahead_is_refused() -> None:
    with pytest.raises(NewerFormat, match=r"version 3, and this programme knows 1.*2 is the oldest that may open it"):
        expansion(ONE, at(ONE, TWO, THREE))


def test_contracting_drops_what_is_retired_and_closes_the_data_to_who_used_it() -> None:
    plan = contraction(TWO, stored(at(ONE, TWO)))
    assert told(plan.steps) == [
        ("DropColumn", "notes", "mood"),
        ("DropColumn", "notes", "sum"),
        ("DropTable", "drafts"),
    ]
    assert plan.drops
    assert (plan.after.version, plan.after.oldest) == (2, 2)
    assert plan.after.tables.keys() == {"notes", "tags"}
    with pytest.raises(NewerFormat, match="version 2, and this programme knows 1"):
        expansion(ONE, stored(plan.after))
    assert no_change(TWO, stored(plan.after)).is_done
    assert contraction(TWO, stored(plan.after)).is_done


def test_what_is_dropped_closes_the_data_no_further_than_needed() -> None:
    after = contraction(FOUR, at(ONE, TWO, THREE, FOUR)).after
    assert after.oldest == 3, "three may run beside four, and dropped nothing that it uses"
    assert expansion(THREE, after).is_done


def test_data_that_was_not_expanded_yet_is_not_contracted() -> None:
    with pytest.raises(NotMigrated, match="version 1 of svc, and programmes of that version may run"):
        contraction(TWO, at(ONE))
    with pytest.raises(NewerFormat, match="dropped by the newest version"):
        contraction(TWO, at(ONE, TWO, THREE))
    assert contraction(TWO, NOTHING).is_done


def test_what_may_not_be_changed_has_to_be_there() -> None:
    with pytest.raises(
        NotMigrated, match="there is no data of svc, and this programme needs version 1: run `vidmesh mi"
    ):
        no_change(ONE, NOTHING)
    with pytest.raises(NotMigrated, match="data of version 1 of svc, and this programme needs version 2"):
        no_change(TWO, at(ONE))
    # A new version that adds nothing has to be noted all the same: that is what older ones are refused by.
    with pytest.raises(NotMigrated, match="needs version 3"):
        no_change(THREE, at(ONE, TWO))


def test_a_version_that_was_skipped_is_not_made_for_what_it_alone_used() -> None:
    passing = notes(text("body"), text("mood"), integer("sum", static=True), text("brief", since=2, retired=3))
    plan = expansion(Schema("svc", 3, (passing, DRAFTS)), at(ONE))
    assert not plan.steps
    assert plan.after.oldest == 3


def test_a_declaration_forgets_what_is_retired_only_when_it_was_dropped() -> None:
    shorter = notes(text("body"), text("title", since=2), integer("count", static=True, since=2))
    later = Schema("svc", 3, (shorter, TAGS))
    with pytest.raises(SchemaMismatch, match="has changed its tables: drafts"):
        expansion(later, at(ONE, TWO))
    with pytest.raises(SchemaMismatch, match="table notes of svc is not as version 2"):
        expansion(Schema("svc", 3, (shorter, GONE, TAGS)), at(ONE, TWO))
    assert expansion(later, contraction(TWO, at(ONE, TWO)).after).after.version == 3


def test_what_is_retired_keeps_its_type() -> None:
    other = notes(text("body"), integer("mood", retired=2), integer("sum", static=True))
    with pytest.raises(SchemaMismatch, match="table notes of svc is not as version 1 declared it"):
        expansion(Schema("svc", 2, (other, DRAFTS)), at(ONE))


@pytest.mark.parametrize(
    "newer",
    [
        replace(at(ONE, TWO), tables={"drafts": at(ONE).tables["drafts"]}),
        replace(at(ONE, TWO), tables={**at(ONE).tables, "notes": at(ONE).tables["drafts"]}),
    ],
)
def test_newer_data_that_did_not_only_grow_is_refused(newer: Standing) -> None:
    with pytest.raises(SchemaMismatch):
        expansion(ONE, newer)


def test_new_code_can_neither_read_nor_write_what_is_retired() -> None:
    assert [column.name for column in NEW.regular] == ["body", "title"]
    assert [column.name for column in NEW.statics] == ["count"]
    assert TWO.active == (NEW, TAGS)
    with pytest.raises(InvalidRow, match="a row does not have mood"):
        row_of(NEW, {"home": "h", "at": 1, "mood": "m"})


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: Table("t", (text("id", retired=2),), ("id",)), "key column id is retired"),
        (lambda: notes(text("x", since=2, retired=2)), "column x is retired before there was a version with it"),
        (lambda: notes(since=2, retired=2), "it is retired before there was a version with it"),
        (lambda: Schema("svc", 1, (NEW,)), "since 2 or retired then"),
        (lambda: Schema("svc", 1, (GONE,)), "since 2 or retired then"),
    ],
)
def test_a_retirement_that_cannot_be_is_refused(wrong: object, why: str) -> None:
    with pytest.raises(InvalidSchema, match=why):
        wrong()  # type: ignore[operator]


def test_sqlite_does_it_in_these_statements() -> None:
    assert sqlite_texts(expansion(TWO, at(ONE))) == {
        "notes": [
            'ALTER TABLE "notes" ADD COLUMN "title" TEXT',
            'ALTER TABLE "notes__static" ADD COLUMN "count" INTEGER',
        ],
        "tags": [
            'CREATE TABLE "tags"(_token INTEGER NOT NULL, "id" TEXT NOT NULL, PRIMARY KEY(_token, "id")) '
            "STRICT, WITHOUT ROWID"
        ],
    }
    assert sqlite_texts(contraction(TWO, at(ONE, TWO))) == {
        "notes": ['ALTER TABLE "notes" DROP COLUMN "mood"', 'ALTER TABLE "notes__static" DROP COLUMN "sum"'],
        "drafts": ['DROP TABLE "drafts"', 'DROP TABLE IF EXISTS "drafts__static"'],
    }


def test_sqlite_keeps_a_side_table_as_long_as_there_are_static_columns() -> None:
    bare = Schema("svc", 1, (notes(),))
    first = Schema("svc", 2, (notes(integer("a", static=True, since=2), integer("b", static=True, since=2)),))
    last = Schema(
        "svc", 3, (notes(integer("a", static=True, since=2, retired=3), integer("b", static=True, since=2, retired=3)),)
    )
    assert sqlite_texts(expansion(first, at(bare)))["notes"] == [
        'CREATE TABLE "notes__static"("home" TEXT NOT NULL, "a" INTEGER, PRIMARY KEY("home")) STRICT, WITHOUT ROWID',
        'ALTER TABLE "notes__static" ADD COLUMN "b" INTEGER',
    ]
    assert sqlite_texts(contraction(last, at(bare, first, last)))["notes"] == [
        'ALTER TABLE "notes__static" DROP COLUMN "a"',
        'DROP TABLE "notes__static"',
    ]


def test_cql_does_it_in_these_statements() -> None:
    target = parse_target("cql://db/k")
    assert cql_texts(target, expansion(TWO, at(ONE))) == {
        "notes": ['ALTER TABLE "k"."notes" ADD "title" text', 'ALTER TABLE "k"."notes" ADD "count" bigint static'],
        "tags": [
            'CREATE TABLE IF NOT EXISTS "k"."tags"("id" text, "_live" bigint, "_void" tinyint, PRIMARY KEY (("id")))'
        ],
    }
    assert cql_texts(target, contraction(TWO, at(ONE, TWO))) == {
        "notes": ['ALTER TABLE "k"."notes" DROP "mood"', 'ALTER TABLE "k"."notes" DROP "sum"'],
        "drafts": ['DROP TABLE IF EXISTS "k"."drafts"'],
    }
    made = cql_texts(target, expansion(ONE, NOTHING))
    assert list(made) == ["schema__meta", "notes", "drafts"]
    assert made["schema__meta"][0].startswith('CREATE KEYSPACE IF NOT EXISTS "k"')

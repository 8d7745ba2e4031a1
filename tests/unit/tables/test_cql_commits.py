"""A commit becomes one conditional batch in which every row and the statics appear once."""

from __future__ import annotations

from mesh.tables import Check, Delete, Insert, Operation, Put, Update, UpdateStatic, Value
from mesh.tables.columns import Stored
from mesh.tables.cql_commits import build_decision
from mesh.tables.cql_session import Statement
from mesh.tables.cql_statements import FOR_EVER, Statements
from mesh.testing.tables_base import MEMBERS, SESSIONS

NOW = 1_700_000_000_000_000
CLUB: dict[str, Value] = {"club": "c", "shard": 0}


def batch(*operations: Operation) -> list[Statement]:
    decision = build_decision(MEMBERS, CLUB, operations, NOW)
    held: dict[tuple[Stored, ...], Stored] = {row.key: FOR_EVER if row.exists else None for row in decision.judged}
    return decision.statements(Statements("k", MEMBERS), held, NOW)


def test_a_commit_without_conditions_is_a_decision_all_the_same() -> None:
    """Else a batch of blind writes and a decision would be ordered by different clocks."""
    for operations in (
        [Put({"member": "a"}), Put({"member": "b"})],
        [Delete({"member": "a"}), Put({"member": "b"})],
        [UpdateStatic({"count": 1}), Put({"member": "b"})],
    ):
        texts = [text for text, _ in batch(*operations)]
        assert [text.endswith(' IF "_void" = ?') for text in texts] == [True, False]


def test_conditions_test_what_makes_a_row_exist() -> None:
    static, insert, check, delete = batch(
        Insert({"member": "a"}), Check({"member": "b"}), Delete({"member": "c"}, {}), UpdateStatic({"count": 1})
    )
    assert " IF " not in static[0]
    for (text, values), expected in ((insert, None), (check, FOR_EVER), (delete, FOR_EVER)):
        assert text.endswith(' IF "_live" = ?')
        assert values[-1] == expected


def test_a_change_of_an_expiring_row_names_its_life_and_keeps_it() -> None:
    live = NOW + 10_000_000
    decision = build_decision(
        SESSIONS, {"user": "u"}, [Update({"id": "i"}, {"seen": 2}, {"seen": 1}), Check({"id": "j"})], NOW
    )
    update, check = decision.statements(Statements("k", SESSIONS), {("u", "i"): live, ("u", "j"): FOR_EVER}, NOW)
    assert update == (
        'UPDATE "k"."sessions" USING TTL ? SET "seen" = ? WHERE "user" = ? AND "id" = ? IF "_live" = ? AND "seen" = ?',
        (70, 2, "u", "i", live, 1),
    )
    assert check == (
        'UPDATE "k"."sessions" USING TTL ? SET "_live" = ? WHERE "user" = ? AND "id" = ? IF "_live" = ?',
        (0, FOR_EVER, "u", "j", FOR_EVER),
    )

"""A URL names an engine, or one sentence says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesh.tables import Schema, Table, UnknownEngine, open_tables, text

SCHEMA = Schema("s", 1, (Table("t", (text("id"),), ("id",)),))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nothing",
        "postgres://host/db",
        "sqlite:",
        "sqlite://host/file.db",
        "sqlite:///",
        "sqlite:///folder/",
        "sqlite:///file.db?mode=memory",
        "sqlite:file.db",
    ],
)
async def test_a_url_that_names_no_engine_is_refused(url: str) -> None:
    with pytest.raises(UnknownEngine, match=r"sqlite:///absolute/path\.db"):
        async with open_tables(url, SCHEMA):
            pass


async def test_a_path_with_strange_characters_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "a b%23?é" / "x#.db"
    url = f"sqlite://{tmp_path}/a%20b%2523%3F%C3%A9/x%23.db"
    async with open_tables(url, SCHEMA) as tables:
        await tables.put(SCHEMA.tables[0], {"id": "i"})
    assert path.exists()
    async with open_tables(url, SCHEMA) as tables:
        assert await tables.get(SCHEMA.tables[0], {"id": "i"}) == {"id": "i"}

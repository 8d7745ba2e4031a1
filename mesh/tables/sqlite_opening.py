"""Opening a SQLite file for the one process that may, and looking at it before."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from mesh.tables.errors import Unavailable
from mesh.tables.plans import Plan, Planner
from mesh.tables.schema import Schema
from mesh.tables.sqlite_connections import open_reader, open_writer, unavailable
from mesh.tables.sqlite_lock import FileLock
from mesh.tables.sqlite_standing import change, standing_of
from mesh.tables.versions import Standing


def change_file(path: Path, schema: Schema, planner: Planner) -> tuple[FileLock, sqlite3.Connection, Plan]:
    """Lock the file, making it where there is none, do what is planned, and keep it open for writing.

    Raises AlreadyOpen, Unavailable, NewerFormat, SchemaMismatch and what the planner does.
    """
    if not path.exists():
        # Where nothing may be made, no file is either.
        planner(schema, Standing(schema.name))
    with _translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock.take(_lock_of(path))
        try:
            connection = open_writer(path)
            try:
                return lock, connection, change(connection, schema, planner)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            lock.release()
            raise


async def migrate_file(path: Path, schema: Schema, planner: Planner, *, dry_run: bool) -> Plan:
    """Do what is planned and close the file, or with `dry_run` write nothing. Raises as `change_file`."""
    return await asyncio.to_thread(_planned if dry_run else _migrate, path, schema, planner)


def _migrate(path: Path, schema: Schema, planner: Planner) -> Plan:
    lock, connection, plan = change_file(path, schema, planner)
    connection.close()
    lock.release()
    return plan


def _planned(path: Path, schema: Schema, planner: Planner) -> Plan:
    if not path.exists():
        return planner(schema, Standing(schema.name))
    with _translated(path):
        lock = FileLock.take(_lock_of(path))
        try:
            with closing(open_reader(path)) as connection:
                return planner(schema, standing_of(connection, schema.name))
        finally:
            lock.release()


@contextmanager
def _translated(path: Path) -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise unavailable(error, f"opening {path}") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be opened: {error.strerror}") from error


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")

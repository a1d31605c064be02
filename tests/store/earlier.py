"""Stores as versions 3 and 4 of the tables kept them: a platform that forwards 230900, and the agency it forwards to.

`data/version-3` holds the DDL of both databases and the rows that a journey left: settled, cancelled, reversed and
uncounted batches, a 2207A whose outcome nobody knows, a filing that waits for an agency that fell silent.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from simulator.store import postgres

DATA = Path(__file__).parent / "data"


def rows_of(file: str, version: int = 3) -> dict[str, tuple[list[str], list[list[Any]]]]:
    """The columns and the rows of each table that has any."""
    found = json.loads((DATA / f"version-{version}" / file).read_text(encoding="utf-8"))
    return {
        name: (
            table["columns"],
            [[v["bytes"].encode() if isinstance(v, dict) else v for v in row] for row in table["rows"]],
        )
        for name, table in found.items()
    }


def write_sqlite(path: Path, file: str, version: int = 3) -> None:
    """A file as the earlier program left it, in WAL mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.executescript((DATA / f"version-{version}" / "sqlite.sql").read_text(encoding="utf-8"))
        for name, (columns, rows) in rows_of(file, version).items():
            made.executemany(_insert(name, columns, "?"), rows)
        made.execute("UPDATE sandbox SET schema_version = ?", (version,))
        made.commit()


def write_postgres(url: str, name: str, file: str, version: int = 3) -> None:
    """A schema as the earlier program left it, its sequences behind the rows."""
    import psycopg

    with psycopg.connect(url) as made:
        made.execute(f'CREATE SCHEMA "{postgres._PREFIX}{name}"')
        made.execute(f'SET search_path TO "{postgres._PREFIX}{name}"')
        made.execute((DATA / f"version-{version}" / "postgresql.sql").read_text(encoding="utf-8"))
        for table, (columns, rows) in rows_of(file, version).items():
            with made.cursor() as cursor:
                cursor.executemany(_insert(table, columns, "%s"), rows)
            if columns[0] == "id" and table != "sandbox":
                last = max(row[0] for row in rows)
                made.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (table, last))
        made.execute("UPDATE sandbox SET schema_version = %s", (version,))


def _insert(table: str, columns: list[str], mark: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(mark for _ in columns)})"

"""Editions of a test's own, written as a user writes them."""

import pytest

from simulator.contract.edition_folder import TABLES

HEADERS = {table.name: list(table.columns) for table in TABLES}
FIELD = dict.fromkeys(HEADERS["fields"], "")


def csv_of(columns, rows):
    lines = [",".join(columns)]
    lines += [",".join('"' + row.get(column, "").replace('"', '""') + '"' for column in columns) for row in rows]
    return "\n".join(lines) + "\n"


@pytest.fixture
def an_edition(tmp_path):
    """Writes a folder that builds on another edition with the given changed rows, and returns its path."""

    def write(name="mine", builds_on="national", **tables):
        folder = tmp_path / name
        folder.mkdir()
        about = f"name: {name}\ntitle:\n  zh: 试\n" + (f"builds_on: {builds_on}\n" if builds_on else "")
        (folder / "edition.yaml").write_text(about, encoding="utf-8")
        for table, rows in tables.items():
            columns = (["change"] if builds_on else []) + HEADERS[table]
            (folder / f"{table}.csv").write_text(csv_of(columns, rows), encoding="utf-8")
        return folder

    return write

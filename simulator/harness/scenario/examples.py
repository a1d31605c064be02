"""Table of a scenario: each row makes a scenario of its own, in which `<column>` stands for the value of the row.

A value that is nothing but `<column>` becomes the cell as it is, also a list or an object, and falls away where the
cell is null; inside a longer text the cell is written out. What a row puts in is not looked through again.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import Shape, faults_of, hint, load_schema
from simulator.core.strict_csv import parse_csv
from simulator.core.strict_yaml import Document, decode
from simulator.core.texts import Text, text

KEY = "examples"
NAMING = ("row", "name", "name_en")
"""Columns that name a row; every table has them, used in the scenario or not."""
TABLE_SUFFIX = ".table.csv"
_COLUMN = re.compile(r"<([a-z][a-z0-9_]{0,39})>")


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """Row of a table with the place where it stands."""

    values: Mapping[str, Any]
    file: str
    line: int | None
    path: str

    @property
    def id(self) -> str:
        return str(self.values["row"])

    @property
    def name(self) -> Text:
        return Text(self.values["name"], self.values["name_en"])

    def fault(self, sentence: Text, path: str = "") -> DataFault:
        """Fault of the row; `path` leads to the part of the scenario in which it shows."""
        return DataFault(sentence, f"{self.path} → {path}" if path else self.path, self.file, self.line)


def rows_of(document: Document, tables: Sequence[Path]) -> list[ExampleRow]:
    """Rows of the table of a scenario, written in it or in a file of the first folder of `tables` that has it.

    Raises DataFaults for a table or column that is not there, a row named twice, and a column of the scenario's own
    table that nothing uses; a table of a file may serve several scenarios.
    """
    said = document.data[KEY]
    rows = _in_csv(document, said, tables) if isinstance(said, str) else _in_file(document, said)
    faults = [*_named_twice(rows), *_columns_at_fault(document, rows)]
    if faults:
        raise DataFaults(faults)
    return rows


def written_out(document: Document, row: ExampleRow) -> Document:
    """The scenario that a row makes of the file, without the table."""
    rest = {key: value for key, value in document.data.items() if key != KEY}
    return Document(_put_in(rest, row), document.name, document.places)


def gathered(rows: Sequence[ExampleRow], found: Mapping[str, Sequence[DataFault]]) -> list[DataFault]:
    """Faults by row as a user should read them: those of all rows once, the others with the place of their row."""
    counts = Counter(fault for faults in found.values() for fault in set(faults))
    common = {fault: None for faults in found.values() for fault in faults if counts[fault] == len(rows) > 1}
    own = [
        row.fault(fault.sentence, fault.path) for row in rows for fault in found.get(row.id, ()) if fault not in common
    ]
    return [*common, *dict.fromkeys(own)]


def _in_file(document: Document, said: Sequence[Mapping[str, Any]]) -> list[ExampleRow]:
    paths = [f"{KEY}[{index}]" for index in range(len(said))]
    return [
        ExampleRow(values, document.name, document.places.get(path, (None, None))[0], path)
        for values, path in zip(said, paths, strict=True)
    ]


def _in_csv(document: Document, name: str, tables: Sequence[Path]) -> list[ExampleRow]:
    file = next(
        (folder / f"{name}{TABLE_SUFFIX}" for folder in tables if (folder / f"{name}{TABLE_SUFFIX}").is_file()), None
    )
    if file is None:
        found = (each.name.removesuffix(TABLE_SUFFIX) for folder in tables for each in folder.glob(f"*{TABLE_SUFFIX}"))
        known = sorted(set(found))
        sentence = text("harness.no_table", name=name, hint=hint(name, known), known=", ".join(known) or "-")
        raise DataFaults([document.fault(KEY, sentence)])
    raw = file.read_bytes()
    columns = decode(raw, str(file)).partition("\n")[0].strip("\r").split(",")
    missing = [each for each in NAMING if each not in columns]
    repeated = [each for each, count in Counter(columns).items() if count > 1]
    if missing or repeated:
        wanted = ",".join([*NAMING, *(each for each in dict.fromkeys(columns) if each not in NAMING)])
        raise DataFaults(
            [DataFault(text("data.csv_header", wanted=wanted, got=",".join(columns)), file=str(file), line=1)]
        )
    rows = [ExampleRow(row.values, str(file), row.line, row["row"]) for row in parse_csv(raw, str(file), columns)]
    faults = faults_of([row.values for row in rows], _shape_of_table())
    if faults:
        raise DataFaults([_in_row(rows, fault) for fault in faults])
    return rows


@cache
def _shape_of_table() -> Shape:
    """Shape of a table, the same whether it stands in the scenario or in a file of its own."""
    schema = load_schema(__package__, "scenario.schema.json")
    return Shape(schema["properties"][KEY])


def _in_row(rows: Sequence[ExampleRow], fault: DataFault) -> DataFault:
    index = re.match(r"\[([0-9]+)\]", fault.path)
    return (
        rows[int(index[1])].fault(fault.sentence)
        if index
        else DataFault(fault.sentence, file=rows[0].file if rows else "")
    )


def _named_twice(rows: Sequence[ExampleRow]) -> Iterator[DataFault]:
    first: dict[str, ExampleRow] = {}
    for row in rows:
        if row.id in first:
            yield row.fault(text("harness.row_twice", row=row.id, line=first[row.id].line))
        first.setdefault(row.id, row)


def _columns_at_fault(document: Document, rows: Sequence[ExampleRow]) -> Iterator[DataFault]:
    """Columns of the scenario that a row lacks, and columns of a row that the scenario does not use."""
    rest = {key: value for key, value in document.data.items() if key != KEY}
    used = dict(_columns(rest, ""))
    everywhere = list(dict.fromkeys(column for row in rows for column in row.values))
    strange = [column for column in used if column not in everywhere]
    for column in strange:
        sentence = text("harness.no_such_column", name=column, hint=hint(column, everywhere), known=_list(everywhere))
        yield document.fault(used[column], sentence)
    wanted = [column for column in dict.fromkeys([*NAMING, *used]) if column not in strange]
    shared = isinstance(document.data[KEY], str)
    unused = dict.fromkeys(column for column in everywhere if column not in wanted and not shared)
    for row in rows:
        for column in wanted:
            if column not in row.values:
                yield row.fault(text("harness.column_missing", name=column, row=row.id))
        for column in row.values:
            if column in unused:
                sentence = text("harness.column_unused", name=column, hint=hint(column, used), known=_list(used))
                yield row.fault(sentence)


def _columns(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Columns that a value uses, with the path of the place."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            inside = f"{path}.{key}" if path else str(key)
            yield from ((name, inside) for name in _COLUMN.findall(str(key)))
            yield from _columns(inner, inside)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _columns(inner, f"{path}[{index}]")
    elif isinstance(value, str):
        yield from ((name, path) for name in _COLUMN.findall(value))


def _put_in(value: Any, row: ExampleRow) -> Any:
    if isinstance(value, Mapping):
        filled: dict[str, Any] = {}
        for key, inner in value.items():
            name, new = _text(str(key), row), _put_in(inner, row)
            if name in filled:
                raise DataFaults([row.fault(text("harness.key_twice", row=row.id, key=name))])
            if new is not None or inner is None:
                filled[name] = new
        return filled
    if isinstance(value, list):
        return [_put_in(inner, row) for inner in value]
    if not isinstance(value, str):
        return value
    whole = _COLUMN.fullmatch(value)
    return row.values[whole[1]] if whole else _text(value, row)


def _text(written: str, row: ExampleRow) -> str:
    return _COLUMN.sub(lambda found: str(row.values[found[1]]), written)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "-"

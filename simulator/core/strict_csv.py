"""Strict CSV reader for every table: UTF-8 without BOM, a known header, full rows, unique keys."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.core.errors import DataFault, DataFaults
from simulator.core.strict_yaml import decode
from simulator.core.texts import text


@dataclass(frozen=True, slots=True)
class CsvRow:
    """Row of a table: values by column, and the line in the file."""

    values: dict[str, str]
    line: int

    def __getitem__(self, column: str) -> str:
        return self.values[column]


def parse_csv(
    raw: bytes,
    name: str,
    columns: Sequence[str],
    *,
    key: Sequence[str] = (),
    needed: Sequence[str] = (),
    found: list[DataFault] | None = None,
) -> list[CsvRow]:
    """Rows of a table whose header must be `columns` exactly.

    `key` columns together stand once; `needed` columns are never empty. Raises DataFaults with every fault found; with
    a list `found` the faults go there instead, and the rows that have none are returned to be judged further.
    """
    reader = csv.reader(io.StringIO(decode(raw, name), newline=""), strict=True)
    rows: list[CsvRow] = []
    faults: list[DataFault] = []
    seen: dict[tuple[str, ...], int] = {}
    try:
        header = next(reader, [])
        if header != list(columns):
            sentence = text("data.csv_header", wanted=",".join(columns), got=",".join(header))
            raise DataFaults([DataFault(sentence, file=name, line=1)])
        for cells in reader:
            line = reader.line_num
            if len(cells) != len(columns):
                sentence = text("data.csv_width", wanted=len(columns), got=len(cells))
                faults.append(DataFault(sentence, file=name, line=line))
                continue
            row = CsvRow(dict(zip(columns, cells, strict=True)), line)
            before = len(faults)
            if not all(map(row.values.__getitem__, needed)):
                faults += _empty(row, name, columns, needed)
            if key:
                identity = tuple(map(row.values.__getitem__, key))
                if identity in seen:
                    sentence = text("data.csv_duplicate", key=" ".join(identity), line=seen[identity])
                    faults.append(DataFault(sentence, file=name, line=line))
                seen.setdefault(identity, line)
            if len(faults) == before:
                rows.append(row)
    except csv.Error as error:
        faults.append(DataFault(text("data.not_csv", problem=str(error)), file=name, line=reader.line_num))
    if found is not None:
        found += faults
    elif faults:
        raise DataFaults(faults)
    return rows


def _empty(row: CsvRow, name: str, columns: Sequence[str], needed: Sequence[str]) -> Iterator[DataFault]:
    for column in needed:
        if not row[column]:
            yield DataFault(text("data.csv_no_value", column=column), column, name, row.line, columns.index(column) + 1)

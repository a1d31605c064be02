"""Strict reader for the folder of an edition; typical damage by spreadsheets is reported by name."""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.contract.vocabulary import CONFIDENCE, DIRECTIONS, FORMS, NODE_KINDS, REQUIRED, STATES, TYPES
from simulator.core.errors import DataFault, DataFaults, in_order
from simulator.core.schema_errors import hint, shape
from simulator.core.strict_csv import CsvRow, parse_csv
from simulator.core.strict_yaml import Document, read_yaml
from simulator.core.texts import text

SHIPPED = Path(__file__).parent / "editions"
BASE = "national"
"""The shipped edition that the others, and the overlays of every process, are laid on."""
AGENCIES = "agency"
"""Overlay with the messages between the platform and its agencies."""

FIELD_COLUMNS = [
    "infno",
    "direction",
    "node",
    "node_kind",
    "field",
    "name_zh",
    "type",
    "max_len",
    "required",
    "condition",
    "form",
    "code_table",
    "doubt",
    "source",
    "note",
]
TRANSACTION_COLUMNS = ["infno", "name_zh", "name_en", "category", "state", "confidence", "source", "note"]
TABLE_COLUMNS = ["table", "title_zh", "printed", "source", "note"]
CODE_COLUMNS = ["table", "code", "name_zh", "source", "note"]
MEANING_COLUMNS = ["table", "meaning", "code", "note"]


@dataclass(frozen=True, slots=True)
class TableFile:
    """Table of an edition: columns, key, and the words that some columns may hold."""

    name: str
    columns: Sequence[str]
    key: Sequence[str]
    words: dict[str, Sequence[str]]


TABLES = (
    TableFile("transactions", TRANSACTION_COLUMNS, ("infno",), {"state": STATES, "confidence": ("", *CONFIDENCE)}),
    TableFile(
        "fields",
        FIELD_COLUMNS,
        ("infno", "direction", "node", "field"),
        {
            "direction": DIRECTIONS,
            "node_kind": NODE_KINDS,
            "type": TYPES,
            "required": ("", *REQUIRED),
            "form": FORMS,
        },
    ),
    TableFile("code_tables", TABLE_COLUMNS, ("table",), {"printed": ("Y", "N")}),
    TableFile("codes", CODE_COLUMNS, ("table", "code"), {}),
    TableFile("meanings", MEANING_COLUMNS, ("table", "meaning"), {}),
)
CHANGES = ("add", "change", "remove")
OVERLAY_CHANGES = ("add", "change", "remove", "set")
_DATE_DAMAGE = re.compile(r"[0-9]{1,4}[-/年月][0-9]{1,2}|[0-9]{1,2}-[A-Z][a-z]{2}|[0-9.]+E[+-]?[0-9]+\Z")


@dataclass(frozen=True, slots=True)
class Folder:
    """Folder of an edition as read: edition.yaml and the rows of each table that it has."""

    path: Path
    document: Document
    rows: dict[str, list[CsvRow]]

    @property
    def about(self) -> dict[str, Any]:
        data: dict[str, Any] = self.document.data
        return data

    @property
    def name(self) -> str:
        return str(self.about["name"])

    @property
    def is_overlay(self) -> bool:
        return self.about.get("kind") == "overlay"

    def file(self, table: str) -> str:
        return str(self.path / f"{table}.csv")


def shipped_names() -> list[str]:
    return sorted(entry.name for entry in SHIPPED.iterdir() if (entry / "edition.yaml").is_file())


def find_folder(name: str | Path, beside: Path | None = None) -> Path:
    """The folder of a shipped edition or of a path; raises DataFaults that say what is there instead."""
    written = str(name)
    if isinstance(name, str) and (SHIPPED / name / "edition.yaml").is_file() and "/" not in name:
        return SHIPPED / name
    path = Path(written).expanduser()
    if beside is not None and not path.is_absolute():
        path = beside / path
    if path.is_dir():
        if not (path / "edition.yaml").is_file():
            raise DataFaults([DataFault(text("contract.no_edition_yaml"), file=str(path))])
        return path
    if path.is_file():
        key = "contract.is_zip" if zipfile.is_zipfile(path) else "contract.is_file"
        raise DataFaults([DataFault(text(key), file=str(path))])
    known = shipped_names()
    sentence = text("contract.no_edition", name=written, hint=hint(written, known), known=", ".join(known))
    raise DataFaults([DataFault(sentence, file=str(path))])


def read_folder(path: Path) -> Folder:
    """Reads every table of a folder; raises DataFaults with all faults of form, by file, line and column."""
    document = read_yaml(path / "edition.yaml", shape("simulator.contract", "edition.schema.json"))
    about: dict[str, Any] = document.data
    faults = _strange_files(path)
    rows: dict[str, list[CsvRow]] = {}
    is_base = "builds_on" not in about and about.get("kind") != "overlay"
    for table in TABLES:
        file = path / f"{table.name}.csv"
        if not file.exists():
            if is_base and table.name in ("transactions", "fields"):
                faults.append(DataFault(text("contract.base_needs", file=file.name), file=str(path)))
            continue
        try:
            rows[table.name] = _read_table(file, table, is_base=is_base, is_overlay=about.get("kind") == "overlay")
        except DataFaults as error:
            faults += error.faults
    if faults:
        raise DataFaults(faults)
    return Folder(path, document, rows)


def _read_table(file: Path, table: TableFile, *, is_base: bool, is_overlay: bool) -> list[CsvRow]:
    columns = list(table.columns) if is_base else ["change", *table.columns]
    raw = file.read_bytes()
    _refuse_other_separators(raw, str(file), columns)
    needed = [column for column in table.key if column not in ("field", "code")] + ([] if is_base else ["change"])
    faults: list[DataFault] = []
    rows = parse_csv(raw, str(file), columns, key=table.key, needed=needed, found=faults)
    words: dict[str, Sequence[str]] = dict(table.words)
    if not is_base:
        words["change"] = OVERLAY_CHANGES if is_overlay else CHANGES
    for row in rows:
        if not is_base and row["change"] == "remove":
            continue
        for column, allowed in words.items():
            if row[column] not in allowed:
                faults.append(_wrong_word(str(file), row, columns, column, allowed))
        faults += _blanks(str(file), row, columns)
    if faults:
        raise DataFaults(in_order(faults))
    return rows


def _wrong_word(file: str, row: CsvRow, columns: Sequence[str], column: str, allowed: Sequence[str]) -> DataFault:
    shown = ", ".join(word or '""' for word in allowed)
    sentence = text("contract.wrong_word", column=column, got=row[column], hint=hint(row[column], allowed), words=shown)
    return DataFault(sentence, column, file, row.line, columns.index(column) + 1)


def _blanks(file: str, row: CsvRow, columns: Sequence[str]) -> list[DataFault]:
    found: list[DataFault] = []
    # Looked at one by one only where something is to be found: a base has some hundred thousand cells.
    cells = list(row.values.values())
    length = row.values.get("max_len", "")
    if list(map(str.strip, cells)) == cells and not _DATE_DAMAGE.match(length) and "\ufeff" not in "".join(cells):
        return found
    for number, column in enumerate(columns, 1):
        value = row[column]
        if not value:
            continue
        place = (column, file, row.line, number)
        if value != value.strip() or "\ufeff" in value:
            found.append(DataFault(text("contract.blanks", got=value), *place))
        elif column == "max_len" and _DATE_DAMAGE.match(value):
            found.append(DataFault(text("contract.spreadsheet_date", got=value), *place))
    return found


def _refuse_other_separators(raw: bytes, file: str, columns: Sequence[str]) -> None:
    first = raw.split(b"\n", 1)[0].decode("utf-8", "replace").strip("\ufeff\r")
    for separator in (";", "\t"):
        if separator in first and first.split(separator)[:2] == list(columns[:2]):
            shown = "Tab" if separator == "\t" else separator
            raise DataFaults([DataFault(text("contract.separator", separator=shown), file=file, line=1)])


def _strange_files(path: Path) -> list[DataFault]:
    known = ["edition.yaml", *(f"{table.name}.csv" for table in TABLES)]
    found: list[DataFault] = []
    for entry in sorted(path.iterdir()):
        if entry.suffix in (".csv", ".yaml", ".yml", ".xlsx", ".xls", ".zip") and entry.name not in known:
            sentence = text("contract.strange_file", hint=hint(entry.name, known), known=", ".join(known))
            found.append(DataFault(sentence, file=str(entry)))
    return found

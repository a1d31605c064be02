"""Entries of `declarations.yaml`, read at import and checked by schema."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import hint, shape
from simulator.core.strict_yaml import Document, parse_yaml
from simulator.core.texts import text

FILE = "declarations.yaml"
NO_NODE = "(input)"
"""Node of rows that stand right under `input` or `output`."""

NO_CONDITION = "any"
"""Comparison of a field that sets no condition."""

Entry = Mapping[str, Any]
"""Entry as written; its schema has checked it."""

PERSON, VISIT, INSTITUTION = "person", "visit", "institution"


@dataclass(frozen=True, slots=True)
class Upload:
    """Transaction that keeps each row of a node as a record."""

    infno: str
    kind: str
    belongs_to: str
    unique: tuple[str, ...]
    """Fields that tell the live records of an owner apart; empty where a record may be repeated."""
    node: str = "data"
    at_most: int = 1000
    number_as: str = ""
    """Answer field for the number of the record, as `node.field`; blank where none."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Transaction that withdraws the record of each row of a node."""

    infno: str
    upload: Upload
    node: str = "data"
    number: str = ""
    """Field that quotes the number of the record; blank where the unique fields identify it."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """Condition that a field of a query sets: a comparison with values of a row."""

    comparison: str
    """`equal`, `contains`, `at_least`, `at_most`, `within` or `any`."""
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """Transaction that answers the rows of a source that fit a query."""

    infno: str
    source: str
    upload: Upload | None = None
    """Entry that keeps the records shown; None where rows of a table are shown."""
    asked: str = "data"
    node: str = "data"
    paged: bool = False
    found_by: Mapping[str, Criterion] = field(default_factory=dict)
    """Conditions of the fields that are not compared for equality with the field of the same name."""
    shown_as: Mapping[str, str] = field(default_factory=dict)
    """Name of the value that an answer field takes, where it is not its own."""
    constants: Mapping[str, str] = field(default_factory=dict)


Declared = Upload | Withdrawal | Query


def read_declarations(raw: bytes, name: str) -> dict[str, Declared]:
    """Reads entries by transaction number; raises DataFaults with line and path."""
    document = parse_yaml(raw, name, shape("simulator.transactions.declarative", "declarations.schema.json"))
    entries: Mapping[str, Entry] = document.data["transactions"]
    uploads = {entry["keeps"]: _upload(infno, entry) for infno, entry in entries.items() if "keeps" in entry}
    _refuse_unknown_kinds(document, entries, uploads)
    return {infno: _declared(infno, entry, uploads) for infno, entry in entries.items()}


def _declared(infno: str, entry: Entry, uploads: Mapping[str, Upload]) -> Declared:
    if "keeps" in entry:
        return uploads[entry["keeps"]]
    if "withdraws" in entry:
        more = {name: entry[name] for name in ("node", "number") if name in entry}
        return Withdrawal(infno, uploads[entry["withdraws"]], **more)
    more = {name: entry[name] for name in ("asked", "node", "paged", "shown_as", "constants") if name in entry}
    found_by = {name: _criterion(name, said) for name, said in entry.get("found_by", {}).items()}
    return Query(infno, entry["shows"], uploads.get(entry["shows"]), found_by=found_by, **more)


def _upload(infno: str, entry: Entry) -> Upload:
    more = {name: entry[name] for name in ("node", "at_most", "number_as") if name in entry}
    return Upload(infno, entry["keeps"], entry["belongs_to"], tuple(entry.get("unique", ())), **more)


def _criterion(name: str, said: str | Mapping[str, str | list[str]]) -> Criterion:
    if isinstance(said, str):
        return Criterion(said, (name,))
    ((comparison, fields),) = said.items()
    return Criterion(comparison, (fields,) if isinstance(fields, str) else tuple(fields))


def _refuse_unknown_kinds(document: Document, entries: Mapping[str, Entry], uploads: Mapping[str, Upload]) -> None:
    """Raises DataFaults for a kind that no entry keeps, or that two keep."""
    faults: list[DataFault] = []
    for infno, entry in entries.items():
        kind = entry.get("withdraws")
        if kind is not None and kind not in uploads:
            sentence = text("declared.unknown_kind", kind=kind, hint=hint(kind, uploads), known=", ".join(uploads))
            faults.append(document.fault(f"transactions.{infno}.withdraws", sentence))
        if "keeps" in entry and uploads[entry["keeps"]].infno != infno:
            other = uploads[entry["keeps"]].infno
            sentence = text("declared.kept_twice", kind=entry["keeps"], other=other)
            faults.append(document.fault(f"transactions.{infno}.keeps", sentence))
    if faults:
        raise DataFaults(faults)


DECLARED: Mapping[str, Declared] = read_declarations(resources.files(__package__).joinpath(FILE).read_bytes(), FILE)

"""Entries of `declarations.yaml`, read once and strictly."""

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
"""Rows that stand right under `input` or `output`, without a node."""

NO_CONDITION = "any"
"""A field of a question that asks nothing of a row."""

PERSON, VISIT, INSTITUTION = "person", "visit", "institution"


@dataclass(frozen=True, slots=True)
class Upload:
    """A transaction that keeps each row of a node as a record."""

    infno: str
    kind: str
    belongs_to: str
    unique: tuple[str, ...]
    """Fields that no two live records of one owner have in common; none where nothing makes a duplicate."""
    node: str = "data"
    at_most: int = 1000
    number_as: str = ""
    """`node.field` of the answer that tells the number of the record."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A transaction that withdraws the record of each row of a node."""

    infno: str
    upload: Upload
    node: str = "data"
    number: str = ""
    """The field that quotes the number of the record; blank where the unique fields name it."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """Condition that a field of a question sets: a comparison with values of a row."""

    comparison: str
    """equal, contains, at_least, at_most, within or any."""
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A transaction that shows the rows of a source which fit what was asked."""

    infno: str
    source: str
    upload: Upload | None = None
    """The entry that keeps the records shown; None where rows of a table are shown."""
    asked: str = "data"
    node: str = "data"
    paged: bool = False
    found_by: Mapping[str, Criterion] = field(default_factory=dict)
    """Of the fields that are not compared with the value of their own name."""
    shown_as: Mapping[str, str] = field(default_factory=dict)
    """Fields of the answer that take a value of another name."""
    constants: Mapping[str, str] = field(default_factory=dict)


Declared = Upload | Withdrawal | Query


def read_declarations(raw: bytes, name: str) -> dict[str, Declared]:
    """Reads the entries by number; raises DataFaults with line and path."""
    document = parse_yaml(raw, name, shape("simulator.transactions.declarative", "declarations.schema.json"))
    entries: Mapping[str, Mapping[str, Any]] = document.data["transactions"]
    uploads = {entry["keeps"]: _upload(infno, entry) for infno, entry in entries.items() if "keeps" in entry}
    _refuse_unknown_kinds(document, entries, uploads)
    return {infno: _declared(infno, entry, uploads) for infno, entry in entries.items()}


def _declared(infno: str, entry: Mapping[str, Any], uploads: Mapping[str, Upload]) -> Declared:
    if "keeps" in entry:
        return uploads[entry["keeps"]]
    if "withdraws" in entry:
        more = {name: entry[name] for name in ("node", "number") if name in entry}
        return Withdrawal(infno, uploads[entry["withdraws"]], **more)
    more = {name: entry[name] for name in ("asked", "node", "paged", "shown_as", "constants") if name in entry}
    found_by = {name: _criterion(name, said) for name, said in entry.get("found_by", {}).items()}
    return Query(infno, entry["shows"], uploads.get(entry["shows"]), found_by=found_by, **more)


def _upload(infno: str, entry: Mapping[str, Any]) -> Upload:
    more = {name: entry[name] for name in ("node", "at_most", "number_as") if name in entry}
    return Upload(infno, entry["keeps"], entry["belongs_to"], tuple(entry.get("unique", ())), **more)


def _criterion(name: str, said: str | Mapping[str, Any]) -> Criterion:
    if isinstance(said, str):
        return Criterion(said, (name,))
    ((comparison, fields),) = said.items()
    return Criterion(comparison, (fields,) if isinstance(fields, str) else tuple(fields))


def _refuse_unknown_kinds(
    document: Document, entries: Mapping[str, Mapping[str, Any]], uploads: Mapping[str, Upload]
) -> None:
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

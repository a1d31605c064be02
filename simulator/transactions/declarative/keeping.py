"""Upload and withdrawal of records by a declared entry."""

from collections.abc import Iterator, Sequence

from simulator.core.clock import wire_time
from simulator.core.errors import refuse
from simulator.core.json_codec import digest
from simulator.core.texts import Text, join
from simulator.insured.place import Body, Output, row_number, wire_number
from simulator.store import records
from simulator.store.records import Origin, Owner
from simulator.store.rows import RecordRow
from simulator.transactions.declarative.ownership import OWNER_COLUMNS, owner_of
from simulator.transactions.declarative.specification import NO_NODE, Upload, Withdrawal
from simulator.transactions.registry import Call, Kept

_PREFIX = "R"
"""Prefix of the number of a record on the wire."""


def keep_records(entry: Upload, body: Body, call: Call) -> Kept:
    """Keeps every row of the node as a record, or none; raises Refusal for a duplicate or a wrong owner."""
    rows = list(_rows(body, entry.node))
    if len(rows) > entry.at_most:
        raise refuse("too_many_rows", path=entry.node, node=entry.node, size=len(rows), limit=entry.at_most)
    number = 0
    for path, row in rows:
        owner = owner_of(entry.belongs_to, row, call, path)
        # Locked before the look, so that two uploads at once cannot keep the same record.
        records.lock_kind(call.work, entry.kind, _owner_key(entry, owner))
        identity = _identity(entry, owner, row)
        known = records.find_by_identity(call.work, entry.kind, identity) if identity else None
        if known is not None:
            quoted = _quoted(call, entry.unique, row)
            raise refuse("record_exists", path=f"{path}.{entry.unique[0]}", what=quoted, at=known.kept_at)
        number = records.keep(call.work, entry.kind, identity, owner, _origin(call), row)
    return Kept(_numbered(entry, wire_number(_PREFIX, call.treated_area, number)))


def withdraw_records(entry: Withdrawal, body: Body, call: Call) -> Kept:
    """Withdraws the record of every row of the node, or none; raises Refusal for a row without a record."""
    upload = entry.upload
    for path, row in _rows(body, entry.node):
        owner = owner_of(upload.belongs_to, row, call, path)
        records.lock_kind(call.work, upload.kind, _owner_key(upload, owner))
        found = _find_record(entry, owner, row, call)
        if found is None:
            fields = (entry.number,) if entry.number else upload.unique
            raise refuse("record_unknown", path=f"{path}.{fields[0]}", what=_quoted(call, fields, row))
        records.withdraw(call.work, found.id, wire_time(call.now))
    return Kept({})


def wire_number_of(row: RecordRow) -> str:
    """Returns the number of a record on the wire."""
    return wire_number(_PREFIX, row.area, row.id)


def _rows(body: Body, node: str) -> Iterator[tuple[str, Body]]:
    """Yields each row of a node with its path; an object instead of a list is a single row."""
    rows = body if node == NO_NODE else body[node]
    name = "input" if node == NO_NODE else node
    if isinstance(rows, list):
        yield from ((f"{name}/{index}", row) for index, row in enumerate(rows))
    else:
        yield name, rows


def _find_record(entry: Withdrawal, owner: Owner, row: Body, call: Call) -> RecordRow | None:
    upload = entry.upload
    if not entry.number:
        return records.find_by_identity(call.work, upload.kind, _identity(upload, owner, row))
    number = row_number(_PREFIX, row[entry.number])
    found = records.find_by_number(call.work, upload.kind, number) if number is not None else None
    if found is None or wire_number_of(found) != row[entry.number]:
        return None
    column = OWNER_COLUMNS[upload.belongs_to]
    return found if getattr(found, column) == getattr(owner, column) else None


def _identity(entry: Upload, owner: Owner, row: Body) -> str:
    if not entry.unique:
        return ""
    return digest(_owner_key(entry, owner), [row.get(name) or "" for name in entry.unique])


def _owner_key(entry: Upload, owner: Owner) -> str:
    found: str = getattr(owner, OWNER_COLUMNS[entry.belongs_to])
    return found


def _origin(call: Call) -> Origin:
    return Origin(call.msgid, call.treated_area, (call.head.operator, call.head.operator_name), wire_time(call.now))


def _numbered(entry: Upload, number: str) -> Output:
    node, _, name = entry.number_as.partition(".")
    return {node: {name: number}} if node else {}


def _quoted(call: Call, fields: Sequence[str], row: Body) -> Text:
    """Returns the values of fields, each after its name in the interface."""
    names = {each.field: each.name_zh for each in call.config.contract.edition.rows_of(call.infno, "in")}
    return join([Text(f"{names.get(name, name)} {row.get(name)}", f"{name} {row.get(name)}") for name in fields])

"""Query of a source by a declared entry, answered in the fields that the edition prints."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from simulator.contract import Contract
from simulator.contract.edition_rows import FieldRow
from simulator.contract.layout import Node
from simulator.core.errors import refuse
from simulator.insured.place import Body, Output
from simulator.store import people, records
from simulator.store.rows import RecordRow
from simulator.transactions.declarative.keeping import wire_number_of
from simulator.transactions.declarative.ownership import OWNER_COLUMNS
from simulator.transactions.declarative.paging import PAGE_FIELDS, page_of
from simulator.transactions.declarative.sources import SOURCES
from simulator.transactions.declarative.specification import INSTITUTION, NO_CONDITION, PERSON, Criterion, Query, Upload
from simulator.transactions.declarative.visit_sources import Facts
from simulator.transactions.registry import Call, Kept

_LAST_SECOND = " 23:59:59"
_LENGTH_OF_A_DAY = len("2025-03-10")


def show_rows(entry: Query, body: Body, call: Call) -> Kept:
    """Answers the rows that fit every field of the query that is not blank."""
    asked: Body = body[entry.asked]
    source = SOURCES[entry.source](call, asked) if entry.upload is None else _records(entry.upload, call, asked)
    criteria = list(_criteria(entry, asked, call.config.contract))
    rows = map(partial(_with_shown_names, entry), source)
    found: Sequence[Facts] = [row for row in rows if _fits(row, criteria)]
    counts: dict[str, int] = {}
    if entry.paged:
        found, counts = page_of(call, asked, entry.asked, found)
    return Kept(_output(entry, call.config.contract, found, counts))


def _criteria(entry: Query, asked: Body, contract: Contract) -> Iterator[tuple[Criterion, str]]:
    # Lenient checking lets fields through that the edition does not have; they set no condition.
    known = contract.layout(entry.infno, "in").root.children[entry.asked].rows
    for name, value in asked.items():
        criterion = entry.found_by.get(name) or Criterion("equal", (name,))
        is_page = entry.paged and name in PAGE_FIELDS
        if value not in (None, "") and name in known and not is_page and criterion.comparison != NO_CONDITION:
            yield criterion, str(value)


def _with_shown_names(entry: Query, facts: Facts) -> Facts:
    named = {name: facts.get(of) for name, of in entry.shown_as.items()}
    return {**facts, **entry.constants, **named}


def _fits(shown: Facts, criteria: Iterable[tuple[Criterion, str]]) -> bool:
    return all(_COMPARISONS[each.comparison](asked, *map(shown.get, each.fields)) for each, asked in criteria)


def _at_most(asked: str, value: object) -> bool:
    """Tells whether a time is not after `asked`; a day includes its last second, as the documents say of intervals."""
    return str(value) <= (asked + _LAST_SECOND if len(asked) == _LENGTH_OF_A_DAY else asked)


_COMPARISONS: Mapping[str, Callable[..., bool]] = {
    "equal": lambda asked, value: value is not None and str(value) == asked,
    "contains": lambda asked, value: asked in str(value or ""),
    "at_least": lambda asked, value: str(value or "") >= asked,
    "at_most": _at_most,
    "within": lambda asked, begin, end: str(begin or "") <= asked and (not end or _at_most(str(end), asked)),
}


def _output(entry: Query, contract: Contract, found: Iterable[Facts], counts: Facts) -> Output | list[Output]:
    """Returns rows and counts under their nodes, or a bare list where the edition prints that."""
    root = contract.layout(entry.infno, "out").root
    if root.is_list:
        return [_as_printed(root, row) for row in found]
    node = root.children[entry.node]
    told = {name: count for name, count in counts.items() if name in root.rows}
    return {entry.node: [_as_printed(node, row) for row in found], **told}


def _as_printed(node: Node, facts: Facts) -> Output:
    printed = node.rows
    return {name: _cut(printed[name], value) for name, value in facts.items() if name in printed and value is not None}


def _cut(row: FieldRow, value: object) -> object:
    """Cuts a time to its day where the edition prints a day."""
    return value[:_LENGTH_OF_A_DAY] if row.type == "D" and isinstance(value, str) else value


def _records(upload: Upload, call: Call, asked: Body) -> Iterable[Facts]:
    """Yields the live records of an owner, or the withdrawn ones where vali_flag asks for those."""
    invalid = call.config.contract.edition.code("vali_flag", "invalid")
    withdrawn = str(asked.get("vali_flag") or "") == invalid
    state = records.WITHDRAWN_STATE if withdrawn else records.LIVE_STATE
    column = OWNER_COLUMNS[upload.belongs_to]
    wire = "fixmedins_code" if upload.belongs_to == INSTITUTION else column
    owner = asked.get(wire) or (call.institution.code if upload.belongs_to == INSTITUTION else "")
    if upload.belongs_to == PERSON and people.load(call.work, owner) is None:
        raise refuse("person_unknown", path=f"data.{wire}", psn_no=owner)
    for row in records.find_by_owner(call.work, upload.kind, state, column, owner):
        yield _facts_of(call, row)


def _facts_of(call: Call, row: RecordRow) -> Facts:
    """Returns the fields of a record as uploaded, with those by which the platform manages its tables."""
    edition = call.config.contract.edition
    institution = call.config.institutions.get(row.institution)
    return {
        "fixmedins_code": row.institution,
        "fixmedins_name": institution.name if institution else row.institution,
        "area": row.area,
        **records.body_of(row),
        "rid": wire_number_of(row),
        "vali_flag": edition.code("vali_flag", "valid" if row.state == records.LIVE_STATE else "invalid"),
        "updt_time": row.changed_at,
        "crter_id": row.operator[:20],
        "crter_name": row.operator_name,
        "crte_time": row.kept_at,
        "opter_id": row.operator[:20],
        "opter_name": row.operator_name,
        "opt_time": row.changed_at,
        "poolarea_no": row.area,
    }

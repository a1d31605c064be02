"""The rows of an edition: transactions, fields, codes, and our own words for codes."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from operator import attrgetter
from typing import Any

from simulator.contract.dialect import Dialect
from simulator.core.errors import SetupError
from simulator.core.texts import Text, text

ENVELOPE = "ENVELOPE"
"""Stands for the header fields beside `input` and `output`, as if they were a transaction of their own."""

FILE, ROOT, INPUT, OUTPUT = "(file)", "(root)", "(input)", "(output)"
"""Nodes that are no JSON member: columns of an exchanged file, the envelope, and `input` and `output` themselves."""

AREAS = "admdvs"
"""The one code table that is printed nowhere and checked all the same: six digits."""


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """Transaction of an edition; `state` is `tables` (fields known) or `listed` (known by number and name only)."""

    infno: str
    name_zh: str
    name_en: str
    category: str
    state: str
    confidence: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class FieldRow:
    """Row of the field tables; a row without `field` speaks of its node as a whole."""

    infno: str
    direction: str
    node: str
    node_kind: str
    field: str
    name_zh: str
    type: str
    """C text, N number, D date, DT date and time, Int, bytes, object, list; empty where no source gives one."""
    max_len: str
    required: str
    """Y, N, or C with the `condition` that makes it Y; blank in a node row leaves the decision to its fields."""
    condition: str
    form: str
    code_table: str
    doubt: str
    source: str
    note: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.infno, self.direction, self.node, self.field)

    @property
    def place(self) -> str:
        """`2207A in data.psn_no`, the way findings name a row."""
        inner = ".".join(part for part in (self.node, self.field) if part)
        return f"{self.infno} {self.direction} {inner}"

    @property
    def digits(self) -> tuple[int | None, int | None]:
        """Digits before the point and decimals that a number may have; None where the text prints no limit."""
        if not self.max_len:
            return None, None
        whole, _, scale = self.max_len.partition(",")
        if self.form == "scale_unknown":
            return int(whole), None
        return int(whole) - int(scale or 0), int(scale or 0)


@dataclass(frozen=True, slots=True)
class CodeTable:
    """Code table; a table that is not `printed` is known to exist and not checked."""

    table: str
    title_zh: str
    printed: bool
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A code of one text that this edition leaves out, because it says the same as another code."""

    table: str
    code: str
    name: str
    same_as: str
    same_name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Edition:
    """Edition of the interface, complete: merged with everything it builds on."""

    name: str
    title: Text
    source: Text
    lineage: tuple[str, ...]
    """Names from the base up to this edition and the overlays laid on it."""
    transactions: Mapping[str, TransactionRow]
    fields: tuple[FieldRow, ...]
    nodes: Mapping[tuple[str, str, str], FieldRow]
    """Rows that speak of a node as a whole, by transaction, direction and node."""
    tables: Mapping[str, CodeTable]
    codes: Mapping[str, Mapping[str, str]]
    """Names of the codes of each table, by code."""
    meanings: Mapping[str, Mapping[str, str]]
    """Codes by table and our own word."""
    reading: tuple[Text, ...] = ()
    doubtful: tuple[Text, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)
    """Names and places of messages that differ from the platform's; the rows are those of the messages."""
    infcode_is_number: bool = False
    """True where answers carry infcode as a JSON number."""
    _by_direction: dict[tuple[str, str], tuple[FieldRow, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        found: dict[tuple[str, str], list[FieldRow]] = {}
        for row in self.fields:
            found.setdefault((row.infno, row.direction), []).append(row)
        object.__setattr__(self, "_by_direction", {key: tuple(rows) for key, rows in found.items()})

    @cached_property
    def digest(self) -> str:
        """The same for the same rows, whatever folders they came from."""
        content = [
            list(map(_values(TransactionRow), self.transactions.values())),
            list(map(_values(FieldRow), (*self.fields, *self.nodes.values()))),
            list(map(_values(CodeTable), self.tables.values())),
            sorted((table, sorted(codes.items())) for table, codes in self.codes.items()),
            sorted((table, sorted(words.items())) for table, words in self.meanings.items()),
        ]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()

    def infcode(self, code: str) -> str | int:
        """An infcode in the form that answers carry it in."""
        return int(code) if self.infcode_is_number else code

    def code(self, table: str, meaning: str) -> str:
        """The edition's code for one of our words; raises SetupError where it has none."""
        try:
            return self.meanings[table][meaning]
        except KeyError:
            known = ", ".join(self.meanings.get(table, ())) or "-"
            raise SetupError(
                text("contract.no_code", edition=self.name, table=table, meaning=meaning, known=known)
            ) from None

    def meaning(self, table: str, code: str) -> str | None:
        """Our word for a code; the first of its table where an edition has one code for several."""
        for word, known in self.meanings.get(table, {}).items():
            if known == code:
                return word
        return None

    def rows_of(self, infno: str, direction: str) -> tuple[FieldRow, ...]:
        """The fields of one transaction and direction, in the order of the table."""
        return self._by_direction.get((infno, direction), ())

    def checked_codes(self, row: FieldRow) -> Mapping[str, str] | None:
        """The codes that a field may take, or None where its table is printed nowhere."""
        table = self.tables.get(row.code_table)
        return self.codes.get(row.code_table) if table is not None and table.printed else None


def _values(kind: type) -> Callable[[object], Any]:
    return attrgetter(*(entry.name for entry in fields(kind)))

"""An edition while its folders are laid on one another, and every fault that this brings to light."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.contract.edition_folder import TABLES, Folder
from simulator.contract.edition_rows import ENVELOPE, CodeTable, FieldRow, TransactionRow
from simulator.core.errors import DataFault
from simulator.core.schema_errors import hint
from simulator.core.strict_csv import CsvRow
from simulator.core.texts import Text, plain, text

Key = tuple[str, ...]
_STRICTNESS = {"": 0, "N": 1, "C": 2, "Y": 3}


@dataclass(slots=True)
class EditionBuilder:
    """Edition while its folders are merged; `origins` knows file and line of each row, for later faults."""

    transactions: dict[Key, TransactionRow] = field(default_factory=dict)
    fields: dict[Key, FieldRow] = field(default_factory=dict)
    code_tables: dict[Key, CodeTable] = field(default_factory=dict)
    codes: dict[Key, str] = field(default_factory=dict)
    meanings: dict[Key, str] = field(default_factory=dict)
    origins: dict[tuple[str, Key], tuple[str, int]] = field(default_factory=dict)
    faults: list[DataFault] = field(default_factory=list)

    def copy(self) -> "EditionBuilder":
        """Another draft with the same rows, to lay something else on."""
        return EditionBuilder(
            dict(self.transactions),
            dict(self.fields),
            dict(self.code_tables),
            dict(self.codes),
            dict(self.meanings),
            dict(self.origins),
            list(self.faults),
        )

    def merge(self, folder: Folder) -> None:
        """Merges a folder over the rows so far; its faults are kept, its good rows count."""
        self._merge_table(folder, "transactions", self.transactions, _transaction)
        self._drop_rows_of_unknown()
        self._merge_table(folder, "code_tables", self.code_tables, _code_table)
        self._drop_codes_without_table()
        self._merge_table(folder, "codes", self.codes, lambda row: row["name_zh"])
        self._copy(folder)
        self._merge_table(folder, "fields", self.fields, _field)
        self._merge_table(folder, "meanings", self.meanings, lambda row: row["code"])

    def fault(self, table: str, key: Key, column: str, sentence: Text) -> None:
        """A fault of a row that was accepted earlier, placed where the row came from."""
        file, line = self.origins.get((table, key), ("", 0))
        self.faults.append(DataFault(sentence, column, file, line or None))

    def _merge_table(self, folder: Folder, table: str, known: dict[Key, Any], make: Any) -> None:
        file = folder.file(table)
        key_of = _KEYS[table]
        partly = table == "fields" and folder.is_overlay
        for row in folder.rows.get(table, ()):
            key = key_of(row)
            if partly and not self._speaks_to(key[0]):
                continue
            change = row.values.get("change", "add")
            if change == "set":
                change = "change" if key in known else "add"
            else:
                sentence = _objection(known, key, change, make(row) if change == "change" else None)
                if sentence is not None:
                    self.faults.append(DataFault(sentence, _written(key), file, row.line))
                    continue
            if change == "remove":
                del known[key]
                self.origins.pop((table, key), None)
            else:
                known[key] = make(row)
                self.origins[table, key] = (file, row.line)

    def _speaks_to(self, infno: str) -> bool:
        """An overlay laid over any edition speaks only of what that edition has."""
        return infno == ENVELOPE or (infno,) in self.transactions

    def _drop_rows_of_unknown(self) -> None:
        served = {infno for (infno,), known in self.transactions.items() if known.state == "tables"}
        for key in [key for key in self.fields if key[0] not in served and key[0] != ENVELOPE]:
            del self.fields[key]

    def _drop_codes_without_table(self) -> None:
        for known in (self.codes, self.meanings):
            for key in [key for key in known if (key[0],) not in self.code_tables]:
                del known[key]

    def _copy(self, folder: Folder) -> None:
        for number, copy in enumerate(folder.about.get("copies", ())):
            target = copy["to"]
            for infno in target["transactions"]:
                if not self._speaks_to(infno) or self.transactions[(infno,)].state != "tables":
                    continue
                place = (infno, target["direction"], target["node"])
                node = _blank_field(*place, node_kind=target["node_kind"], name_zh=target["name_zh"])
                self._put(folder, replace(node, required="Y", source="ours"))
                for source in copy["from"]:
                    for row in self._first_of(source):
                        self._put(folder, replace(row, infno=infno, direction=place[1], node=place[2]))
                self._same_kind(place, target["node_kind"])
            if not any(self._first_of(source) for source in copy["from"]):
                self.faults.append(folder.document.fault(f"copies[{number}].from", text("contract.copies_nothing")))

    def _first_of(self, source: Mapping[str, Any]) -> list[FieldRow]:
        for infno in source["transactions"]:
            place = (infno, source["direction"], source["node"])
            rows = [row for key, row in self.fields.items() if key[:3] == place and row.field]
            if rows:
                return rows
        return []

    def _put(self, folder: Folder, row: FieldRow) -> None:
        """Adds a copied row; the stricter requirement stays where the field is there already."""
        there = self.fields.get(row.key)
        if there is None:
            self.fields[row.key] = row
            self.origins["fields", row.key] = (str(folder.path / "edition.yaml"), 1)
        elif _STRICTNESS[row.required] > _STRICTNESS[there.required]:
            self.fields[row.key] = replace(there, required=row.required, condition=row.condition)

    def _same_kind(self, place: Key, kind: str) -> None:
        for key, row in self.fields.items():
            if key[:3] == place and row.node_kind != kind:
                self.fields[key] = replace(row, node_kind=kind)


def _objection(known: Mapping[Key, Any], key: Key, change: str, changed: Any) -> Text | None:
    """Reason why a change cannot be made to the rows so far."""
    if change == "add" and key in known:
        return text("contract.already_there", row=_written(key))
    if change != "add" and key not in known:
        return text("contract.not_there", row=_written(key), change=change, hint=_hint(key, known))
    if change == "change" and _but_for_source(changed) == _but_for_source(known[key]):
        return text("contract.changes_nothing", row=_written(key))
    return None


def _but_for_source(row: Any) -> Any:
    return replace(row, source="") if hasattr(row, "source") else row


def _written(key: Iterable[str]) -> str:
    return " ".join(part for part in key if part)


def _hint(key: Key, known: Mapping[Key, Any]) -> Text:
    """Hint at a row that exists: a code that differs by leading zeros, or the nearest name at the first wrong part."""
    for depth, part in enumerate(key):
        there = {other[depth] for other in known if other[:depth] == key[:depth] and len(other) > depth}
        if part in there:
            continue
        zeros = lost_zeros(part, there)
        return text("contract.lost_zeros", got=part, code=zeros) if zeros else hint(part, sorted(there))
    return plain("")


def lost_zeros(value: str, known: Iterable[str]) -> str | None:
    """The known code that differs from `value` by leading zeros alone, as a spreadsheet takes them away."""
    return next((code for code in known if code != value and code.lstrip("0") == value.lstrip("0")), None)


def _blank_field(infno: str, direction: str, node: str, *, node_kind: str, name_zh: str) -> FieldRow:
    return FieldRow(infno, direction, node, node_kind, "", name_zh, "", "", "", "", "", "", "", "", "")


def _without_change(row: CsvRow) -> dict[str, str]:
    if "change" not in row.values:
        return row.values
    return {column: value for column, value in row.values.items() if column != "change"}


def _transaction(row: CsvRow) -> TransactionRow:
    return TransactionRow(**_without_change(row))


def _field(row: CsvRow) -> FieldRow:
    return FieldRow(**_without_change(row))


def _code_table(row: CsvRow) -> CodeTable:
    return CodeTable(**{**_without_change(row), "printed": row["printed"] == "Y"})  # type: ignore[arg-type]  # one column is a flag


def _key_of(columns: Sequence[str]) -> Callable[[CsvRow], Key]:
    return lambda row: tuple(map(row.values.__getitem__, columns))


_KEYS: dict[str, Callable[[CsvRow], Key]] = {table.name: _key_of(table.key) for table in TABLES}

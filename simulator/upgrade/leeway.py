"""Leeway of two systems in their answers: values and orders of rows that may differ, put aside before comparing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml, read_yaml

FILE, SCHEMA = "leeway.yaml", "leeway.schema.json"
ID, TIME, WORDS = "id", "time", "words"
_TIME = re.compile(r"\d{4}-?\d{2}-?\d{2}([ T]?\d{2}:?\d{2}:?\d{2}\.?(\d{3})?)?")


@dataclass(frozen=True, slots=True)
class RowKey:
    """Fields that tell the rows of a node apart; a row whose amount `zero` is 0 may be left out."""

    fields: tuple[str, ...]
    zero: str = ""


@dataclass(frozen=True, slots=True)
class Leeway:
    """Freedom that two systems have in their answers: kinds of volatile fields, and rows in any order."""

    kinds: Mapping[str, str]
    rows: Mapping[str, RowKey]


@cache
def shipped_leeway() -> Leeway:
    """The shipped file."""
    raw = resources.files("simulator.upgrade").joinpath(FILE).read_bytes()
    return _leeway(parse_yaml(raw, FILE, shape("simulator.upgrade", SCHEMA)).data)


def read_leeway(path: Path) -> Leeway:
    """The shipped leeway with a file laid over it; raises DataFaults with line and path."""
    own, shipped = _leeway(read_yaml(path, shape("simulator.upgrade", SCHEMA)).data), shipped_leeway()
    return Leeway({**shipped.kinds, **own.kinds}, {**shipped.rows, **own.rows})


def _leeway(data: Mapping[str, Any]) -> Leeway:
    rows = data.get("rows", {}).items()
    return Leeway(data["fields"], {node: RowKey(tuple(each["key"]), each.get("zero", "")) for node, each in rows})


@dataclass(slots=True)
class Masked:
    """Answers of one system in one scenario; ids are numbered as they first appear, each kind of field by itself."""

    leeway: Leeway
    names: Mapping[str, str] = field(default_factory=dict)
    """The name by which a field counts, where the other edition calls it otherwise."""
    _seen: dict[str, dict[str, int]] = field(default_factory=dict)

    def value(self, name: str, value: Any) -> Any:
        """The value to compare; blank, absent and badly formed values stay as they came."""
        name = self.names.get(name, name)
        kind = self.leeway.kinds.get(name)
        written = "" if value is None or isinstance(value, (dict, list)) else str(value)
        if kind is None or not written:
            return value
        if kind == ID:
            known = self._seen.setdefault(name, {})
            return f"<{name} {known.setdefault(written, len(known) + 1)}>"
        if kind == TIME:
            return f"<{name}>" if _TIME.fullmatch(written) else value
        return f"<{name}>"

    def tree(self, value: Any, name: str = "") -> Any:
        """A whole answer, in the order in which its fields stand in the document of the interface."""
        if isinstance(value, dict):
            return {key: self.tree(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            key = self.leeway.rows.get(name)
            if key is not None and all(isinstance(each, dict) for each in value):
                return self._rows(key, value)
            return [self.tree(inner, name) for inner in value]
        return self.value(name, value)

    def _rows(self, key: RowKey, rows: list[dict[str, Any]]) -> dict[str, Any] | list[Any]:
        """Rows by their key; in their order where two have the same one."""
        found: dict[str, Any] = {}
        for row in rows:
            name = ",".join(f"{each}={row[each]}" for each in key.fields if row.get(each) not in (None, ""))
            if f"[{name}]" in found:
                return [self.tree(each) for each in rows]
            found[f"[{name}]"] = self.tree(row)
        if not key.zero:
            return found
        return {name: row for name, row in found.items() if not _is_zero(row.get(key.zero))}


def _is_zero(value: Any) -> bool:
    return re.fullmatch(r"-?0+(\.0+)?", str(value)) is not None

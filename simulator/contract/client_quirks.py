"""Known habits of real clients that the lenient platform takes, each with a warning.

Amounts and whole numbers as text, JSON null and the text "null" for nothing, exp_content for expContent and the
reverse; in the header other spellings of infver, numbers where text belongs, and output as JSON text.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulator.contract.breaches import ContractBreach, allowed_of, came
from simulator.contract.edition_rows import Edition, FieldRow
from simulator.contract.layout import Layout, Node
from simulator.core.texts import Text, plain, text

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,20})?\Z")
_INFVER = re.compile(r"[vV]?([1-9])(?:\.([0-9]))?(?:\.0)*\Z")
_OTHER_NAME = {"expContent": "exp_content", "exp_content": "expContent"}


@dataclass(slots=True)
class _Found:
    layout: Layout
    label: str
    faults: list[ContractBreach] = field(default_factory=list)

    def habit(self, rule: str, path: str, node: Node, name: str, value: Any) -> None:
        row = node.rows.get(name)
        edition: Edition = self.layout.edition
        allowed: Text = allowed_of(row, edition) if row else plain(_OTHER_NAME.get(name, ""))
        title = row.name_zh if row else name
        got = came(value)
        sentence = text(f"contract.fault_{rule}", field=name, name=title, got=got, allowed=allowed)
        place = ".".join([*node.path, name])
        label = f"{self.layout.infno} {self.layout.direction} {place} ({self.label})"
        self.faults.append(ContractBreach(rule, path, name, title, got, allowed, sentence, label))


def accept_body(layout: Layout, body: Any, label: str) -> tuple[Any, tuple[ContractBreach, ...]]:
    """The value of `input` or `output` without its habits; the same object when there are none."""
    found = _Found(layout, label)
    accepted = _node(found, layout.root, body, layout.place)
    return accepted, tuple(found.faults)


def _node(found: _Found, node: Node, value: Any, path: str) -> Any:
    if isinstance(value, list):
        items = [_object(found, node, item, f"{path}/{index}") for index, item in enumerate(value)]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return _object(found, node, value, path)


def _object(found: _Found, node: Node, value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        return value
    changed: dict[str, Any] = {}
    gone: list[str] = []
    for name, inner in value.items():
        place = f"{path}/{name}"
        child, row = node.children.get(name), node.rows.get(name)
        if child is not None:
            if inner is None:
                found.habit("habit_null", place, node, name, inner)
                gone.append(name)
            else:
                changed[name] = _node(found, child, inner, place)
        elif row is not None:
            changed[name] = _value(found, node, row, inner, place)
        elif _OTHER_NAME.get(name) in node.rows and _OTHER_NAME[name] not in value:
            found.habit("habit_exp_content", place, node, name, inner)
            gone.append(name)
            changed[_OTHER_NAME[name]] = "" if inner is None else inner
    if not gone and all(value.get(name) is inner for name, inner in changed.items()):
        return value
    kept = {name: changed.get(name, inner) for name, inner in value.items() if name not in gone}
    return kept | {name: inner for name, inner in changed.items() if name not in kept}


def _value(found: _Found, node: Node, row: FieldRow, value: Any, path: str) -> Any:
    if value is None or value == "null":
        found.habit("habit_null" if value is None else "habit_null_text", path, node, row.field, value)
        return ""
    is_number = row.type in ("N", "Int") and row.form != "digits15"
    if is_number and isinstance(value, str) and _NUMBER.match(value):
        found.habit("habit_text_number", path, node, row.field, value)
        return Decimal(value) if "." in value else int(value)
    return value


def accept_head(
    layout: Layout, envelope: Mapping[str, Any], label: str
) -> tuple[dict[str, Any], tuple[ContractBreach, ...]]:
    """The header without its habits; `input` and `output` are passed on, an output in JSON text is read."""
    found = _Found(layout, label)
    node = layout.root
    head = dict(envelope)
    for name, value in envelope.items():
        row = node.rows.get(name)
        if row is None:
            continue
        if row.type == "object":
            head[name] = _unpacked(found, node, name, value, head)
        elif value is None or value == "null":
            found.habit("habit_null" if value is None else "habit_null_text", f"/{name}", node, name, value)
            head[name] = ""
        elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            head[name] = _as_text(found, node, name, value)
        if name == "infver":
            head[name] = _infver(found, node, head[name])
    return head, tuple(found.faults)


def _as_text(found: _Found, node: Node, name: str, value: Any) -> str:
    rule = "habit_infcode" if name == "infcode" else "habit_number_text"
    found.habit(rule, f"/{name}", node, name, value)
    return str(value)


def _infver(found: _Found, node: Node, value: Any) -> Any:
    spelt = _INFVER.match(value) if isinstance(value, str) else None
    if spelt is None:
        return value
    usual = f"V{spelt[1]}.{spelt[2] or 0}"
    if value != usual:
        found.habit("habit_infver", "/infver", node, "infver", value)
    return usual


def _unpacked(found: _Found, node: Node, name: str, value: Any, head: Mapping[str, Any]) -> Any:
    if not isinstance(value, str) or head.get("enc_type") or value.lstrip()[:1] != "{":
        return value
    try:
        inner = json.loads(value, parse_float=Decimal)
    except (ValueError, RecursionError):
        return value
    found.habit("habit_json_text", f"/{name}", node, name, value)
    return inner

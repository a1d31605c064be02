"""Quirks of real clients: deviations that the lenient platform normalises, each with one warning.

A quirk is a kind of deviation at any place of its kind in header or body. `client_quirks.csv` lists them; the functions
here recognise one value each. Strict refuses the same deviations and gives the same advice.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

from simulator.contract.breaches import ContractBreach, allowed_of, came
from simulator.contract.edition_rows import Edition, FieldRow
from simulator.contract.layout import Layout, Node
from simulator.contract.quirk_recognisers import RECOGNISERS
from simulator.core.errors import DataFault, DataFaults
from simulator.core.json_codec import NotAMessage, read_json
from simulator.core.strict_csv import parse_csv
from simulator.core.texts import Text, plain, text

COLUMNS = ("quirk", "kind", "seen")
TOLERATED = {"habit_other_edition_code": ("code", "too_long"), "habit_empty_amount": ("empty",)}
"""Quirks that leave a value the contract would refuse, and the breaches that they excuse at their place."""

_INFVER = re.compile(r"[vV]?([1-9])(?:\.([0-9]))?(?:\.0)*\Z")
_OTHER_NAME = {"expContent": "exp_content", "exp_content": "expContent"}
_LONGEST_TEXT = 200
"""Characters of a value that a quirk is looked for in; longer ones are what they are."""
_OF_PLACES = ("null", "null_text", "json_text", "name_spelling", "exp_content", "infver", "infcode")
"""Quirks of names, nodes and single header fields, recognised where those are read."""


@dataclass(frozen=True, slots=True)
class Quirk:
    """Listed deviation of real clients: name without `habit_`, kind of place, and the clients that show it."""

    name: str
    kind: str
    seen: str


@lru_cache(maxsize=1)
def quirks() -> tuple[Quirk, ...]:
    """The listed quirks; raises DataFaults for a table that names one without a recogniser, or leaves one out."""
    raw = resources.files(__package__).joinpath("client_quirks.csv").read_bytes()
    rows = parse_csv(raw, "client_quirks.csv", COLUMNS, key=("quirk",), needed=COLUMNS)
    listed, known = {row["quirk"] for row in rows}, {*RECOGNISERS, *_OF_PLACES}
    if listed != known:
        names = ", ".join(sorted(listed ^ known))
        raise DataFaults([DataFault(text("contract.quirks_differ", names=names), file="client_quirks.csv")])
    return tuple(Quirk(row["quirk"], row["kind"], row["seen"]) for row in rows)


@dataclass(slots=True)
class _Found:
    layout: Layout
    label: str
    faults: list[ContractBreach] = field(default_factory=list)

    def habit(self, rule: str, path: str, node: Node, name: str, value: Any, *, right: str) -> None:
        """Notes one quirk; `right` is the value or the name as it should have been sent."""
        row = node.rows.get(name)
        edition: Edition = self.layout.edition
        allowed: Text = allowed_of(row, edition) if row else plain(right)
        title = row.name_zh if row else name
        got = came(value)
        sentence = text(f"contract.fault_{rule}", field=name, name=title, got=got, right=right)
        place = ".".join([*node.path, name])
        label = f"{self.layout.infno} {self.layout.direction} {place} ({self.label})"
        self.faults.append(ContractBreach(rule, path, name, title, got, allowed, sentence, label, right))


def accept_body(layout: Layout, body: Any, label: str) -> tuple[Any, tuple[ContractBreach, ...]]:
    """The value of `input` or `output` without its quirks; the same object when there are none."""
    found = _Found(layout, label)
    accepted = _node(found, layout.root, body, layout.place)
    return accepted, tuple(found.faults)


def excused(habits: Sequence[ContractBreach], faults: Sequence[ContractBreach]) -> tuple[ContractBreach, ...]:
    """The breaches that no quirk excuses."""
    rules = {each.path: TOLERATED[each.rule] for each in habits if each.rule in TOLERATED}
    return tuple(fault for fault in faults if fault.rule not in rules.get(fault.path, ()))


def advised(habits: Sequence[ContractBreach], faults: Sequence[ContractBreach]) -> tuple[ContractBreach, ...]:
    """The breaches of a strict check, each with the normal form where a quirk was recognised at its place.

    A name that is spelt another way is told at its own place and at the one that it leaves empty.
    """
    advice = {each.path: text("contract.write_instead", right=each.right) for each in habits}
    for each in habits:
        if each.rule in ("habit_name_spelling", "habit_exp_content"):
            parent = each.path.rpartition("/")[0]
            advice[f"{parent}/{each.right}"] = text("contract.spelt_otherwise", got=each.field)
    return tuple(
        replace(fault, sentence=text("contract.fault_with_advice", fault=fault.sentence, advice=advice[fault.path]))
        if fault.path in advice
        else fault
        for fault in faults
    )


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
    for sent, inner in value.items():
        place = f"{path}/{sent}"
        name = _known_as(found, node, sent, value, place)
        if name != sent:
            gone.append(sent)
        before = len(found.faults)
        child, row = node.children.get(name), node.rows.get(name)
        if child is not None:
            if inner is None:
                found.habit("habit_null", place, node, name, inner, right="{}")
                gone.append(sent)
            else:
                changed[name] = _node(found, child, _unpacked(found, node, name, inner, place), place)
        elif row is not None:
            changed[name] = _value(found, node, row, inner, place)
            if name != sent and name == _OTHER_NAME.get(sent) and len(found.faults) > before:
                # One place, one warning: what is wrong with the value says more than the other name does.
                del found.faults[before - 1]
    if not gone and all(value.get(name) is inner for name, inner in changed.items()):
        return value
    kept = {name: changed.get(name, inner) for name, inner in value.items() if name not in gone}
    return kept | {name: inner for name, inner in changed.items() if name not in kept}


def _known_as(found: _Found, node: Node, sent: str, value: Mapping[str, Any], place: str) -> str:
    """The edition's name for a name as sent; a habit where they differ only in case, underscores or spaces."""
    if sent in node.rows or sent in node.children:
        return sent
    other = _OTHER_NAME.get(sent)
    if other in node.rows and other not in value:
        found.habit("habit_exp_content", place, node, sent, value[sent], right=str(other))
        return str(other)
    bare = _bare(sent)
    near = [name for name in node.known() if _bare(name) == bare and name not in value] if bare else []
    if len(near) != 1:
        return sent
    found.habit("habit_name_spelling", place, node, sent, sent, right=near[0])
    return near[0]


def _bare(name: str) -> str:
    return name[:60].strip().replace("_", "").replace("-", "").casefold()


def _value(found: _Found, node: Node, row: FieldRow, value: Any, path: str) -> Any:
    """Value without its quirks; a value may show several, such as a number that also lost a leading zero."""
    if value is None or value == "null":
        found.habit("habit_null" if value is None else "habit_null_text", path, node, row.field, value, right='""')
        return ""
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value
    for name, recognise in RECOGNISERS.items():
        mended = recognise(found.layout, row, value)
        if mended is not None:
            found.habit(f"habit_{name}", path, node, row.field, value, right=came(mended))
            value = mended
    return value


def accept_head(
    layout: Layout, envelope: Mapping[str, Any], label: str
) -> tuple[dict[str, Any], tuple[ContractBreach, ...]]:
    """The header without its quirks; `input` and `output` are passed on, one in JSON text is read."""
    found = _Found(layout, label)
    node = layout.root
    head: dict[str, Any] = {}
    for sent, value in envelope.items():
        name = _known_as(found, node, sent, envelope, f"/{sent}")
        row = node.rows.get(name)
        head[name] = value
        if row is None:
            continue
        if row.type == "object":
            head[name] = value if envelope.get("enc_type") else _unpacked(found, node, name, value, f"/{name}")
        elif name == "infcode" and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            if not layout.edition.infcode_is_number:
                found.habit("habit_infcode", "/infcode", node, name, value, right=f'"{value}"')
            head[name] = str(value)
        else:
            head[name] = _value(found, node, row, value, f"/{name}")
        if name == "infver":
            head[name] = _infver(found, node, head[name])
    return head, tuple(found.faults)


def _infver(found: _Found, node: Node, value: Any) -> Any:
    spelt = _INFVER.match(value) if isinstance(value, str) else None
    if spelt is None:
        return value
    usual = f"V{spelt[1]}.{spelt[2] or 0}"
    if value != usual:
        found.habit("habit_infver", "/infver", node, "infver", value, right=usual)
    return usual


def _unpacked(found: _Found, node: Node, name: str, value: Any, path: str) -> Any:
    """An object or list that was sent as JSON text."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        inner = read_json(value.encode())
    except (NotAMessage, UnicodeEncodeError):
        return value
    found.habit("habit_json_text", path, node, name, value, right=came(inner))
    return inner

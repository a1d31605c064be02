"""Requests of a hospital: a data file for each transaction, filled from the facts of its book.

A field whose value is not known is left out; a wrong or missing field is made on purpose by the step that says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import hint, shape
from simulator.core.strict_yaml import parse_yaml
from simulator.core.texts import Text, text
from simulator.harness.scenario.expressions import NotThere, as_number, evaluate, is_expression


@dataclass(frozen=True, slots=True)
class Template:
    """A transaction as a hospital sends it."""

    infno: str
    title: Text
    act: str
    """Name of the act on the board of guided steps; the two numbers of a pair (2207, 2207A) share it."""
    input: Mapping[str, Any]
    effect: bool = False
    """Changes something at the platform; a question does not."""
    reversible: bool = False
    """Undone by 2601 when its answer is lost; any other effect is repeated as it was."""
    forwarded: bool = False
    """Reaches the insured place."""

    @property
    def names_person(self) -> bool:
        """True where its message is about a person, who can be told by it."""
        return any(name in str(self.input) for name in ("$person.", "$voucher."))


_SCHEMA = "template.schema.json"
_DROPPED = object()
Known = Callable[[str], Any]


@cache
def templates() -> Mapping[str, Template]:
    """All transactions that the harness can send, by number."""
    found: dict[str, Template] = {}
    folder = resources.files("simulator.harness.templates")
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            infno = file.name.removesuffix(".yaml")
            data = parse_yaml(file.read_bytes(), file.name, shape("simulator.harness.templates", _SCHEMA)).data
            found[infno] = Template(infno, **{**data, "title": Text(**data["title"])})
    return found


def template(infno: str) -> Template:
    """The template of a transaction; raises DataFaults naming the ones there are."""
    known = templates()
    if infno not in known:
        sentence = text("harness.no_template", infno=infno, hint=hint(infno, known), known=", ".join(known))
        raise DataFaults([DataFault(sentence, "call")])
    return known[infno]


def act_of(infno: str) -> str:
    """The act that a transaction performs; a transaction without a template is its own."""
    found = templates().get(infno)
    return found.act if found else infno


def number_of(act: str) -> str:
    """The number that performs an act; of a pair the later form, which ends in A. Raises KeyError for no such act."""
    numbers = [each.infno for each in templates().values() if each.act == act]
    if not numbers:
        raise KeyError(act)
    return max(numbers)


def fill(infno: str, known: Known) -> dict[str, Any]:
    """The input of a transaction with everything filled in that `known` has."""
    filled = _filled(template(infno).input, known)
    assert isinstance(filled, dict)
    return filled


def override(body: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Lays `changes` over an input: a field by its name wherever the input has it, or by its path `node[0].field`.

    A list by its name is replaced. A field that no node has goes into the first node. A text over a number becomes a
    number; `{text: …}` stays text.
    """
    for name, value in changes.items():
        if isinstance(body.get(name), list):
            body[name] = value
            continue
        node, field = _place_of(body, name)
        node[field] = _like(node.get(field), value)


def remove(body: dict[str, Any], names: list[str]) -> None:
    """Leaves fields, or whole nodes, out of an input."""
    for name in names:
        if name in body:
            del body[name]
            continue
        node, field = _place_of(body, name)
        node.pop(field, None)


def number(value: Any) -> Any:
    """A value as a JSON number where it is one, else as it came."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = as_number(value)
    return value if found is None else found


def _filled(value: Any, known: Known) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"number"}:
            inner = _filled(value["number"], known)
            return inner if inner is _DROPPED else number(inner)
        if "each" in value:
            return _rows(value, known)
        filled = {key: _filled(inner, known) for key, inner in value.items()}
        return {key: inner for key, inner in filled.items() if inner is not _DROPPED}
    if isinstance(value, list):
        return [_filled(inner, known) for inner in value]
    if not is_expression(value):
        return value
    try:
        return evaluate(value, known)
    except NotThere:
        return _DROPPED


def _rows(value: Mapping[str, Any], known: Known) -> list[Any]:
    try:
        items = evaluate(value["each"], known)
    except NotThere:
        return []

    def filled(item: Mapping[str, Any]) -> Any:
        row = _filled(value["row"], lambda name: item if name == value["as"] else known(name))
        for field, given in item.items():
            row[field] = _like(row.get(field), given)
        return row

    return [filled(item) for item in items]


def value_of(body: object, field: str) -> Any:
    """The value of a field in the first object of an input that has it; None where none has, whatever the shape."""
    nodes = [body, *body.values()] if isinstance(body, Mapping) else [body]
    for node in nodes:
        for row in node if isinstance(node, list) else [node]:
            if isinstance(row, Mapping) and field in row:
                return row[field]
    return None


def _place_of(body: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """The object and the field that a name or path means."""
    *nodes, field = name.replace("[", ".[").split(".")
    if nodes:
        place: Any = body
        for node in nodes:
            place = place[int(node[1:-1])] if node.startswith("[") else place[node]
        return place, field
    objects = [row for node in body.values() for row in (node if isinstance(node, list) else [node])]
    objects = [each for each in objects if isinstance(each, dict)]
    for each in objects:
        if field in each:
            return each, field
    return (objects[0] if objects else body), field


def _like(before: Any, value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) == {"text"}:
        return str(value["text"])
    if isinstance(value, Mapping) and set(value) == {"number"}:
        return number(value["number"])
    numeric = isinstance(before, (int, Decimal)) and not isinstance(before, bool)
    return number(value) if numeric else value

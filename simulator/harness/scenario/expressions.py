"""Values that a step takes from earlier ones: `$settled.hifp_pay`, `$first.act_pay_dedc + $second.act_pay_dedc - 0.01`.

A path goes through objects by name, through lists by `[0]` or by `[key=value]`; what stands there is taken as it is.
Sums and differences are of amounts, exact. There is no other operator and nothing is ever evaluated as code.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from simulator.core.errors import SimulatorError
from simulator.core.schema_errors import hint
from simulator.core.texts import text

_TERM = re.compile(r"\s*([+-]?)\s*(\$[^\s+]+|[0-9]+(?:\.[0-9]+)?)")
_PART = re.compile(r"([^.\[\]]+)|\[([^\[\]]*)\]")

_WHOLE = ("request", "answer", "output", "agency")
"""Whole messages inside a record, and the output of the answer, also one without nodes: reached by name only."""

Lookup = Callable[[str], Any]
"""Gives the value that a first name stands for; raises NotThere."""


class NotThere(SimulatorError):
    """A path leads nowhere: says how far it went and what is there instead."""


class Fields(Mapping[str, Any]):
    """An object whose nodes are looked through: `hifp_pay` finds `setlinfo.hifp_pay`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def having(self, name: str, value: Any) -> "Fields":
        """The same with one more."""
        return Fields({**self._values, name: value})

    def names(self, name: str) -> bool:
        """True where the value has this name itself, not only inside a node."""
        return name in self._values

    def __getitem__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        for key, node in reversed(list(self._values.items())):
            if key not in _WHOLE and isinstance(node, Mapping) and name in node:
                return node[name]
        raise KeyError(name)

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def is_expression(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("$", "-$"))


def evaluate(written: str, lookup: Lookup) -> Any:
    """Value of an expression; a path alone gives the value at the path, a sum gives a Decimal."""
    terms = _terms(written)
    if len(terms) == 1 and terms[0][0] == "+" and terms[0][1].startswith("$"):
        return _at(terms[0][1], lookup)
    total = Decimal(0)
    for sign, term in terms:
        value = _at(term, lookup) if term.startswith("$") else term
        amount = as_number(value)
        if amount is None:
            raise NotThere(text("harness.not_a_number", term=term, got=value))
        total += -amount if sign == "-" else amount
    return total


def resolve(value: Any, lookup: Lookup) -> Any:
    """A value with every expression inside it replaced."""
    if isinstance(value, Mapping):
        return {key: resolve(inner, lookup) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner, lookup) for inner in value]
    return evaluate(value, lookup) if is_expression(value) else value


def names_in(written: str) -> list[str]:
    """The first names that an expression refers to."""
    return [_parts(term[1:])[0] for _, term in _terms(written) if term.startswith("$")]


def follow(value: Any, path: str) -> Any:
    """Value at a path below a value; raises NotThere."""
    done = ""
    for part in _parts(path):
        value = _step(value, part, path, done)
        done = f"{done}{part}" if part.startswith("[") else (f"{done}.{part}" if done else part)
    return value


def as_number(value: object) -> Decimal | None:
    """Number that a value is or spells; None for any other value, true and false included."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        return None
    try:
        number = Decimal(value)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _terms(written: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    for match in _TERM.finditer(written):
        if match.start() != position or (found and not match.group(1)):
            break
        found.append((match.group(1) or "+", match.group(2)))
        position = match.end()
    if not found or written[position:].strip():
        raise NotThere(text("harness.not_an_expression", got=written))
    return found


def _at(term: str, lookup: Lookup) -> Any:
    first, *rest = _parts(term[1:])
    value = lookup(first)
    done = first
    for part in rest:
        value = _step(value, part, term, done)
        done += part if part.startswith("[") else f".{part}"
    return value


def _parts(path: str) -> list[str]:
    found = [name or f"[{index}]" for name, index in _PART.findall(path)]
    if not found or found[0].startswith("["):
        raise NotThere(text("harness.not_an_expression", got=path))
    return found


def _step(value: Any, part: str, path: str, done: str) -> Any:
    if part.startswith("["):
        return _row(value, part[1:-1], path, done)
    if isinstance(value, Mapping) and part in value:
        return value[part]
    known = list(value) if isinstance(value, Mapping) else []
    listed = ", ".join(map(str, known[:30])) or "-"
    raise NotThere(text("harness.no_such_part", path=path, part=part, done=done, known=listed, hint=hint(part, known)))


def _row(value: Any, wanted: str, path: str, done: str) -> Any:
    rows = value if isinstance(value, Sequence) and not isinstance(value, str) else None
    if rows is None:
        raise NotThere(text("harness.not_a_list", path=path, done=done))
    if wanted.isdigit():
        if int(wanted) < len(rows):
            return rows[int(wanted)]
        raise NotThere(text("harness.no_such_row", path=path, part=wanted, count=len(rows)))
    keys = [condition.partition("=")[::2] for condition in wanted.split(",")]
    for row in rows:
        if all(_says(row, key.strip(), said.strip()) for key, said in keys):
            return row
    raise NotThere(text("harness.no_such_row", path=path, part=wanted, count=len(rows)))


def _says(row: Any, key: str, said: str) -> bool:
    try:
        return str(follow(row, key)) == said
    except NotThere:
        return False

"""Dialect of an edition: nodes and fields that a city or vendor names or places otherwise than the platform.

The rows of such an edition are those of the messages as they are sent; the dialect turns a body into the names and
places of the platform and back. Neither direction raises: a body that breaks the contract is told so by the contract.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Place = tuple[str, str]
"""Transaction number and direction."""
Names = tuple[str, ...]
"""Names from `input` or `output` down to a node or field."""


@dataclass(slots=True)
class DialectStep:
    """Node or field of a source body; `target` is its place in the target body, from the item of its list on."""

    target: Names | None = None
    """Place in the target body; None for a node without a counterpart, which is there for its content."""
    is_list: bool = False
    children: dict[str, "DialectStep"] = field(default_factory=dict)
    reserved: frozenset[str] = frozenset()
    """Names of the target node that belong to known places; an unknown name never takes their place."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Known place of a body in the platform's names and as it is sent."""

    platform: Names
    sent: Names
    is_list: bool


@dataclass(frozen=True, slots=True)
class Dialect:
    """Both directions of every transaction that a dialect touches."""

    to_platform: Mapping[Place, DialectStep] = field(default_factory=dict)
    to_sent: Mapping[Place, DialectStep] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.to_sent)

    def read(self, infno: str, direction: str, body: Any) -> Any:
        """The body in the platform's names; the same object where the dialect has nothing to say."""
        return _converted(self.to_platform.get((infno, direction)), body)

    def write(self, infno: str, direction: str, body: Any) -> Any:
        """The body as it is sent; the same object where the dialect has nothing to say."""
        return _converted(self.to_sent.get((infno, direction)), body)


def dialect_of(moved: Mapping[Place, Iterable[Moved]]) -> Dialect:
    """Compiles the places of each transaction and direction."""
    known = {place: list(rows) for place, rows in moved.items()}
    return Dialect(
        {place: _tree([(row.sent, row.platform, row.is_list) for row in rows]) for place, rows in known.items()},
        {place: _tree([(row.platform, row.sent, row.is_list) for row in rows]) for place, rows in known.items()},
    )


def list_above(names: Names, lists: Iterable[Names]) -> Names:
    """The innermost of these lists that holds a place; () for none."""
    return max((each for each in lists if each == names[: len(each)] and each != names), key=len, default=())


def _tree(rows: list[tuple[Names, Names, bool]]) -> DialectStep:
    targets = {source: target for source, target, _ in rows}
    lists = [source for source, _, is_list in rows if is_list]
    reserved: dict[Names, set[str]] = {}
    for target in targets.values():
        for depth in range(len(target)):
            reserved.setdefault(target[:depth], set()).add(target[depth])
    root = DialectStep((), reserved=frozenset(reserved.get((), ())))
    for source, target, is_list in rows:
        step = root
        for name in source:
            step = step.children.setdefault(name, DialectStep())
        step.target = target[len(targets.get(list_above(source, lists), ())) :]
        step.is_list = is_list
        step.reserved = frozenset(reserved.get(target, ()))
    return root


def _converted(root: DialectStep | None, body: Any) -> Any:
    if root is None:
        return body
    if isinstance(body, list):
        return [_converted(root, item) for item in body]
    return _item(root, body) if isinstance(body, Mapping) else body


def _item(step: DialectStep, value: Mapping[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {}
    _fill(written, (), step, value)
    return written


def _fill(written: dict[str, Any], here: Names, step: DialectStep, value: Mapping[str, Any]) -> None:
    for name, item in value.items():
        child = step.children.get(name)
        if child is None:
            if name not in step.reserved:
                _put(written, (*here, name), item)
        elif child.is_list and isinstance(item, list):
            rows = [_item(child, each) if isinstance(each, Mapping) else each for each in item]
            _put(written, child.target or (), rows)
        elif child.children and isinstance(item, Mapping) and not child.is_list:
            if child.target is not None:
                _node(written, child.target)
            _fill(written, here if child.target is None else child.target, child, item)
        elif child.target is not None:
            _put(written, child.target, item)


def _node(written: dict[str, Any], names: Names) -> dict[str, Any] | None:
    """The node at a place, made where it is not there yet; None where something else stands in the way."""
    node = written
    for name in names:
        node = node.setdefault(name, {})
        if not isinstance(node, dict):
            return None
    return node


def _put(written: dict[str, Any], names: Names, value: Any) -> None:
    node = _node(written, names[:-1])
    if node is not None:
        node[names[-1]] = value

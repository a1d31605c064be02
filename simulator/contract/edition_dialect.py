"""Reads `renamed` and `moved` of edition.yaml, and lays them over the merged rows of an edition."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.contract.dialect import Dialect, Moved, Names, Place, dialect_of, list_above
from simulator.contract.edition_builder import EditionBuilder, Key
from simulator.contract.edition_folder import Folder
from simulator.contract.edition_rows import ENVELOPE, FILE, INPUT, OUTPUT, ROOT, FieldRow
from simulator.contract.vocabulary import DIRECTIONS, sibling_of
from simulator.core.schema_errors import hint
from simulator.core.texts import Text, text

_TOP = {"in": INPUT, "out": OUTPUT}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,60}\Z")


@dataclass(slots=True)
class _Body:
    """Places of one transaction and direction: the lists among them, and the names and places of the dialect."""

    is_list: dict[Names, bool] = field(default_factory=dict)
    names: dict[Names, str] = field(default_factory=dict)
    parents: dict[Names, Names] = field(default_factory=dict)

    def sent(self, place: Names) -> Names:
        """The place as it is sent."""
        if not place:
            return ()
        parent = self.parents[place] if place in self.parents else self.sent(place[:-1])
        return (*parent, self.names.get(place, place[-1]))

    def moved(self) -> list[Moved]:
        return [
            Moved(place, self.sent(place), is_list) for place, is_list in self.is_list.items() if not self.left(place)
        ]

    def left(self, place: Names) -> bool:
        """True for a node whose content has all moved elsewhere, so that the node is not sent."""
        inner = [self.sent(each) for each in self.is_list if len(each) == len(place) + 1 and each[:-1] == place]
        sent = self.sent(place)
        return bool(inner) and not any(each[: len(sent)] == sent for each in inner)


def speak_dialect(draft: EditionBuilder, known: EditionBuilder, folders: Sequence[Folder]) -> Dialect:
    """Renames and moves the rows of the draft as its folders say; faults are kept in the draft, at their entry.

    `known` has every place that may be named: the rows of the draft, and those that only its agencies have.
    """
    entries = [(folder, word, number) for folder in folders for word in ("renamed", "moved")
               for number in range(len(folder.about.get(word, ())))]  # fmt: skip
    if not entries:
        return Dialect()
    bodies, all_bodies = _bodies(draft), _bodies(known)
    touched: set[Place] = set()
    seen: set[tuple[str, str, str, Place, Names]] = set()
    for folder, word, number in entries:
        at = f"{word}[{number}]"
        entry = folder.about[word][number]
        places = list(_places(entry, all_bodies))
        sentence = _unknown(entry, all_bodies, known) if not places else _wrong(word, entry)
        for place, names in places:
            mark = (folder.name, str(folder.path), word, place, names)
            if mark in seen:
                sentence = sentence or text("contract.dialect_twice", place=_written(place, names))
            seen.add(mark)
            for body in (all_bodies[place], bodies.get(place, _Body())):
                _say(body, word, names, entry)
            touched.add(place)
        if sentence is not None:
            draft.faults.append(folder.document.fault(at, sentence))
        elif word == "moved":
            leaving = [_written(*each) for each in places if _leaves_list(all_bodies[each[0]], each[1])]
            if leaving:
                told = text("contract.dialect_out_of_list", place=leaving[0], count=len(leaving))
                draft.faults.append(folder.document.fault(f"{at}.to", told))
    for place in sorted(touched):
        taken = _collision(all_bodies[place])
        if taken is not None:
            folder, word, _ = entries[-1]
            sentence = text("contract.dialect_collides", infno=f"{place[0]} {place[1]}", place=".".join(taken))
            draft.faults.append(folder.document.fault(word, sentence))
    if not draft.faults:
        _rewrite(draft, {place: body for place, body in bodies.items() if place in touched})
    return dialect_of({place: bodies[place].moved() for place in touched if place in bodies})


def _say(body: _Body, word: str, names: Names, entry: Mapping[str, Any]) -> None:
    if word == "renamed":
        body.names[names] = entry["to"]
    else:
        body.parents[names] = () if entry["to"] in _TOP.values() else tuple(entry["to"].split("."))


def _written(place: Place, names: Names) -> str:
    return f"{place[0]} {place[1]} {'.'.join(names)}"


def _bodies(draft: EditionBuilder) -> dict[Place, _Body]:
    found: dict[Place, _Body] = {}
    for row in draft.fields.values():
        if row.infno == ENVELOPE or row.node in (FILE, ROOT):
            continue
        body = found.setdefault((row.infno, row.direction), _Body())
        node = _node_of(row)
        for depth in range(1, len(node)):
            body.is_list.setdefault(node[:depth], False)
        if node:
            body.is_list[node] = row.node_kind == "list"
        if row.field:
            body.is_list.setdefault((*node, row.field), False)
    return found


def _node_of(row: FieldRow) -> Names:
    return () if row.node in (INPUT, OUTPUT) else tuple(row.node.split("."))


def _directions(entry: Mapping[str, Any]) -> Sequence[str]:
    """Directions that an entry speaks of; (input) and (output) stand in one alone."""
    wanted = (entry["direction"],) if "direction" in entry else DIRECTIONS
    return [each for each in wanted if entry["node"] not in _TOP.values() or entry["node"] == _TOP[each]]


def _names(entry: Mapping[str, Any]) -> Names:
    node = () if entry["node"] in _TOP.values() else tuple(entry["node"].split("."))
    return (*node, entry["field"]) if "field" in entry else node


def _places(entry: Mapping[str, Any], bodies: Mapping[Place, _Body]) -> Iterator[tuple[Place, Names]]:
    """The places that an entry speaks of; all of a named transaction must have it, else there are none."""
    names = _names(entry)
    directions = _directions(entry)
    found = [place for place, body in bodies.items() if place[1] in directions and names and names in body.is_list]
    wanted = set(entry.get("transactions", ()))
    if wanted:
        found = [place for place in found if place[0] in wanted]
        if {infno for infno, _ in found} != wanted:
            return
    yield from ((place, names) for place in found)


def _unknown(entry: Mapping[str, Any], bodies: Mapping[Place, _Body], known: EditionBuilder) -> Text:
    """Sentence about the first part of an entry that the edition lacks, with the nearest name."""
    names = _names(entry)
    served = [infno for (infno,), row in known.transactions.items() if row.state == "tables"]
    for infno in entry.get("transactions", ()):
        if infno not in served:
            return text("contract.dialect_transaction", infno=infno, hint=hint(infno, served))
    directions = _directions(entry)
    for infno in entry.get("transactions", ()) or served:
        there = [body for (number, way), body in bodies.items() if number == infno and way in directions]
        if "transactions" in entry and not any(names in body.is_list for body in there):
            return _near(infno, names, there)
    return _near("", names, list(bodies.values()))


def _near(infno: str, names: Names, bodies: Sequence[_Body]) -> Text:
    places = sorted({".".join(place) for body in bodies for place in body.is_list})
    shown = ".".join(names)
    return text("contract.dialect_place", infno=infno or "-", place=shown or "-", hint=hint(shown, places))


def _wrong(word: str, entry: Mapping[str, Any]) -> Text | None:
    to, names = entry["to"], _names(entry)
    if word == "renamed":
        if not _NAME.match(to):
            return text("contract.dialect_name", got=to)
        return text("contract.dialect_nothing", place=".".join(names)) if to == names[-1] else None
    parent = () if to in _TOP.values() else tuple(to.split("."))
    if not all(map(_NAME.match, parent)) or len(parent) > 5:
        return text("contract.dialect_node", got=to)
    return text("contract.dialect_nothing", place=".".join(names)) if parent == names[:-1] else None


def _leaves_list(body: _Body, names: Names) -> bool:
    """True where a place would leave its list, or come into another: rows and items would no longer belong together."""
    lists = [place for place, is_list in body.is_list.items() if is_list]
    around = list_above(names, lists)
    return list_above(body.sent(names), [body.sent(place) for place in lists if place != names]) != body.sent(around)


def _collision(body: _Body) -> Names | None:
    """The first place as it is sent that two take, or that is a field to one and a node to another."""
    taken: dict[Names, Names] = {}
    for place in body.is_list:
        sent = body.sent(place)
        if sent in taken:
            return sent
        taken[sent] = place
    holders = {place[:-1] for place in body.is_list}
    for sent in taken:
        for depth in range(1, len(sent)):
            above = taken.get(sent[:depth])
            if above is not None and above not in holders:
                return sent
    return None


def _rewrite(draft: EditionBuilder, bodies: Mapping[Place, _Body]) -> None:
    """The rows of the draft as they are sent, in their order."""
    written: dict[Key, FieldRow] = {}
    for key, row in draft.fields.items():
        body = bodies.get((row.infno, row.direction))
        if body is None or row.node in (FILE, ROOT):
            written[key] = row
            continue
        if not row.field and row.node not in _TOP.values() and body.left(_node_of(row)):
            continue
        changed = _sent_row(body, row)
        written[changed.key] = changed
        if changed.key != key and ("fields", key) in draft.origins:
            draft.origins["fields", changed.key] = draft.origins.pop(("fields", key))
    draft.fields = written


def _sent_row(body: _Body, row: FieldRow) -> FieldRow:
    node, top = _node_of(row), _TOP[row.direction]
    if not row.field:
        return replace(row, node=".".join(body.sent(node)) or top)
    sent = body.sent((*node, row.field))
    kinds = {body.sent(place): is_list for place, is_list in body.is_list.items()}
    kind = row.node_kind if sent[:-1] == body.sent(node) else "list" if kinds.get(sent[:-1]) else "object"
    changed = replace(row, node=".".join(sent[:-1]) or top, node_kind=kind, field=sent[-1])
    sibling = sibling_of(row.condition) if row.condition else None
    if sibling is None:
        return changed
    beside = body.sent((*node, sibling))
    if beside[:-1] != sent[:-1]:
        # The condition looks at a field beside this one, and the dialect took them apart.
        return replace(changed, condition="stated")
    return replace(changed, condition=re.sub(rf"\b{re.escape(sibling)}(?==|\Z)", beside[-1], row.condition, count=1))

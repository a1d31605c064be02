"""Marks of a test and the sandbox they ask for; a wrong mark is told in a sentence that names it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest

from simulator.core.texts import Text, text


@dataclass(frozen=True, slots=True)
class Wishes:
    """Wishes of a test for its sandbox."""

    clock: str = ""
    edition: str = ""
    strict: bool = True
    people: Mapping[str, Mapping[str, Any]] | None = None
    gateway: Mapping[str, Any] | None = None


def wishes_of(item: pytest.Item) -> Wishes:
    """The marks of a test, its class and its module, the closest first; people of all of them."""
    people: dict[str, Mapping[str, Any]] = {}
    for mark in item.iter_markers("nhsa_people"):
        if mark.args or not all(isinstance(spec, Mapping) for spec in mark.kwargs.values()):
            _refuse("nhsa_people", "testing.people_form")
        people = {**mark.kwargs, **people}
    gateway = item.get_closest_marker("nhsa_gateway")
    return Wishes(
        clock=str(_sole(item, "nhsa_clock", str, "")),
        edition=str(_sole(item, "nhsa_edition", str, "")),
        strict=bool(_sole(item, "nhsa_strict", bool, default=True)),
        people=people,
        gateway=gateway.kwargs if gateway else None,
    )


def _sole(item: pytest.Item, name: str, kind: type, default: object) -> object:
    """The one argument of the closest mark of that name."""
    mark = item.get_closest_marker(name)
    if mark is None:
        return default
    if len(mark.args) != 1 or mark.kwargs or not isinstance(mark.args[0], kind):
        _refuse(name, "testing.one_argument", kind=text(f"testing.kind_{kind.__name__}"))
    argument: object = mark.args[0]
    return argument


def _refuse(name: str, key: str, **values: Text) -> NoReturn:
    pytest.fail(str(text(key, mark=name, **values)), pytrace=False)

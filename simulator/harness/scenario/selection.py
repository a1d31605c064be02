"""Selection of scenarios: `-k` by words of id and name, `-m` by marks; and, or, not and parentheses as in pytest."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.harness.scenario.definition import Scenario

_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")


@dataclass(frozen=True, slots=True)
class Selection:
    """Expressions of a selection; a blank expression takes every scenario."""

    words: str = ""
    marks: str = ""

    def takes(self, scenario: Scenario) -> bool:
        """True where both expressions hold of a scenario."""
        written = f"{scenario.id} {scenario.name.zh} {scenario.name.en}".casefold()
        by_words = holds(self.words, lambda word: word.casefold() in written)
        return by_words and holds(self.marks, lambda mark: mark in scenario.all_marks)


def holds(expression: str, says: Callable[[str], bool]) -> bool:
    """True where a boolean expression of words holds; raises SetupError when it cannot be read."""
    if not expression.strip():
        return True
    reader = _Reader(expression, _TOKEN.findall(expression), says)
    value = reader.either()
    if reader.tokens:
        raise reader.unreadable()
    return value


@dataclass(slots=True)
class _Reader:
    """Reads tokens from the left; each method takes what it understands."""

    expression: str
    tokens: list[str]
    says: Callable[[str], bool]

    def either(self) -> bool:
        value = self.both()
        while self.tokens[:1] == ["or"]:
            del self.tokens[0]
            value = self.both() or value
        return value

    def both(self) -> bool:
        value = self.one()
        while self.tokens[:1] == ["and"]:
            del self.tokens[0]
            value = self.one() and value
        return value

    def one(self) -> bool:
        if not self.tokens or self.tokens[0] in (")", "and", "or"):
            raise self.unreadable()
        first = self.tokens.pop(0)
        if first == "not":
            return not self.one()
        if first != "(":
            return self.says(first)
        value = self.either()
        if self.tokens[:1] != [")"]:
            raise self.unreadable()
        del self.tokens[0]
        return value

    def unreadable(self) -> SetupError:
        return SetupError(text("harness.bad_expression", got=self.expression))

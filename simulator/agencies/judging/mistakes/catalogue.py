"""Catalogue of mistakes, `mistakes.yaml`: sentences, simplicity, and the functions that make each mistake."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from simulator.agencies.judging.mistakes.question import ChangedQuestion, ChangedQuestions, Question
from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml
from simulator.core.texts import Text

FILE = "mistakes.yaml"
PACKAGE = "simulator.agencies.judging.mistakes"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the search; `mistakes.schema.json` explains each."""

    most_awards: int
    most_told: int
    most_alike: int
    most_partial: int
    most_remembered: int
    most_searched: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """Mistake that agencies make."""

    id: str
    family: str
    """`rules`, `claim`, `time`, `books` or `form`."""
    group: str
    """Name shared with the mistakes that look like it."""
    rule: str
    """Rule that it breaks; may hold a value of its sentence."""
    weight: int
    """1 is the simplest."""
    sentence: Text
    shown_by: Text
    """Message that would show it."""
    general: bool = True
    """True where the agency makes it with every message."""
    habits: tuple[Mapping[str, Any], ...] = ()
    more_than: tuple[str, ...] = ()
    """Ids of mistakes that it claims more than."""

    def told(self, values: Mapping[str, object]) -> Text:
        """The sentence with its values."""
        return filled(self.sentence, values)


@dataclass(frozen=True, slots=True)
class MistakeCatalogue:
    """Mistakes by id, in the order of the file, and the bounds of the search."""

    limits: Limits
    mistakes: Mapping[str, Mistake]


Maker = Callable[[Question], ChangedQuestions]
MAKERS: dict[str, Maker] = {}
"""Functions that make the changes of a mistake which no habit describes."""


def mistake(name: str) -> Callable[[Maker], Maker]:
    """Registers the function of a mistake; raises ValueError for a second one of the same id."""

    def register(maker: Maker) -> Maker:
        if name in MAKERS:
            raise ValueError(f"{name} is made by {MAKERS[name].__name__} and {maker.__name__}")
        MAKERS[name] = maker
        return maker

    return register


@cache
def catalogue() -> MistakeCatalogue:
    """The catalogue of the product."""
    return read_catalogue(resources.files(PACKAGE).joinpath(FILE).read_bytes(), FILE)


def read_catalogue(raw: bytes, name: str) -> MistakeCatalogue:
    """Reads a catalogue; raises DataFaults with line and path."""
    data = parse_yaml(raw, name, shape(PACKAGE, "mistakes.schema.json")).data
    read = (_mistake(each) for each in data["mistakes"])
    return MistakeCatalogue(Limits(**data["limits"]), {each.id: each for each in read})


def changes_of(entry: Mistake, question: Question) -> Iterator[ChangedQuestion]:
    """Every change that a mistake makes of a question; none where it does not apply."""
    if entry.id in MAKERS:
        yield from MAKERS[entry.id](question)
    for index, habits in enumerate(entry.habits):
        yield ChangedQuestion(question.with_habits(**habits), str(index))


def filled(sentence: Text, values: Mapping[str, object]) -> Text:
    """A sentence with its values put in, a Text in the language of its side."""
    sides = [
        {name: getattr(value, side) if isinstance(value, Text) else value for name, value in values.items()}
        for side in ("zh", "en")
    ]
    return Text(sentence.zh.format(**sides[0]), sentence.en.format(**sides[1]))


def _mistake(written: Mapping[str, Any]) -> Mistake:
    habits = [
        {name: tuple(value) if isinstance(value, list) else value for name, value in each.items()}
        for each in written.get("habits", ())
    ]
    plain = {name: written[name] for name in ("id", "family", "group", "rule", "weight")}
    entry = Mistake(
        **plain, sentence=Text(written["zh"], written["en"]), shown_by=Text(**written["shown_by"]), habits=tuple(habits)
    )
    return replace(entry, general=written.get("general", True), more_than=tuple(written.get("more_than", ())))

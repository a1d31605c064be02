"""Three families that are never caught as one another.

SimulatorError              carries its sentence in Chinese and English
├─ Refusal                  the caller's fault: told on the wire as infcode -1, or as a 4xx of the control calls
├─ DataFaults               a file or body is wrong: each fault with file, line, path
├─ PolicyGap                our own rules are silent: names area, rule, day and who asked
└─ SetupError               the run itself cannot go on: port in use, unreachable URL, missing extra
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from simulator.core.texts import Text, text


class SimulatorError(Exception):
    """Base of every error that is told to a person; `text` holds the sentence in both languages."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence)
        self.text = sentence

    def __str__(self) -> str:
        return str(self.text)


class Refusal(SimulatorError):
    """The caller may not do this; `rule` names the rule as findings do, `more` holds further reasons in order.

    The wire names the first reason, the findings all of them (rules 14). `wanted` and `got` are the values of the
    field at `path`, where the sentence compares two.
    """

    def __init__(
        self,
        rule: str,
        sentence: Text,
        *,
        path: str = "",
        wanted: str = "",
        got: str = "",
        more: Sequence["Refusal"] = (),
    ) -> None:
        super().__init__(sentence)
        self.rule = rule
        self.path = path
        self.wanted = wanted
        self.got = got
        self.more = tuple(more)

    @property
    def all(self) -> tuple["Refusal", ...]:
        return (self, *self.more)


def together(reasons: Sequence[Refusal]) -> Refusal:
    """Refusal that combines several reasons; the first is told, all are kept."""
    first, *more = reasons
    return Refusal(first.rule, first.text, path=first.path, wanted=first.wanted, got=first.got, more=more)


def refuse(key: str, /, *, path: str = "", **values: object) -> Refusal:
    """The refusal whose rule is `key` and whose sentence is `refusal.<key>` of the catalogue."""
    wanted, got = (str(values.get(name, "")) for name in ("wanted", "got"))
    return Refusal(key, text(f"refusal.{key}", **values), path=path, wanted=wanted, got=got)


@dataclass(frozen=True, slots=True)
class DataFault:
    """Fault in a file or a body: place, value, allowed values, remedy."""

    sentence: Text
    path: str = ""
    file: str = ""
    line: int | None = None
    column: int | None = None

    @property
    def place(self) -> str:
        """`file:line:column path`, as far as it is known."""
        numbers = "".join(f":{number}" for number in (self.line, self.column) if number is not None)
        return " ".join(part for part in (self.file + numbers, self.path) if part)

    def __str__(self) -> str:
        return f"{self.place}  {self.sentence}" if self.place else str(self.sentence)


MOST_FAULTS = 100
"""Faults told of one file or body, one by one; with more, the cause mends sooner than the list."""


def in_order(faults: Sequence[DataFault]) -> list[DataFault]:
    """Faults of a file in the order of its lines; those of one line as they came."""
    return sorted(faults, key=lambda fault: (fault.line or 0, fault.column or 0))


class DataFaults(SimulatorError):
    """A file or a body has one or more faults; the first MOST_FAULTS are in `faults`, in the order of the file."""

    def __init__(self, faults: Sequence[DataFault]) -> None:
        self.faults = tuple(faults[:MOST_FAULTS])
        places = [f"{fault.place}  " if fault.place else "" for fault in self.faults]
        chinese = [place + fault.sentence.zh for place, fault in zip(places, self.faults, strict=True)]
        english = [place + fault.sentence.en for place, fault in zip(places, self.faults, strict=True)]
        if len(self.faults) < len(faults):
            more = text("data.more_faults", count=len(faults) - len(self.faults))
            chinese.append(more.zh)
            english.append(more.en)
        super().__init__(Text("\n".join(chinese), "\n".join(english)))


class PolicyGap(SimulatorError):
    """The rules of an area say nothing where something must be said; never a silent zero."""

    def __init__(self, *, area: str, rule: str, day: date, asked_by: str, known: str = "") -> None:
        super().__init__(
            text("policy.gap", area=area, rule=rule, day=day.isoformat(), asked_by=asked_by, known=known or "-")
        )
        self.area, self.rule, self.day, self.asked_by = area, rule, day, asked_by


class SetupError(SimulatorError):
    """The run cannot go on; ends a command with exit code 2."""

"""Changed rows, with a verdict and a reason for either side."""

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.contract.edition_rows import FieldRow
from simulator.core.texts import Text, join

SAFE, RISKY, BREAKING = "safe", "risky", "breaking"
LEVELS = (SAFE, RISKY, BREAKING)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Effect of a change on a side, with its reason."""

    level: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Part:
    """Attribute of a row that changed: old value, new value, effect on either side."""

    attribute: str
    before: Text
    after: Text
    sender: Verdict
    receiver: Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """Changed row: a transaction, a node, a field or a code.

    `kind` is added, removed, renamed, moved or changed; `old` and `new` are the rows of a field.
    """

    subject: str
    kind: str
    infno: str
    direction: str
    node: str
    name: str
    title: str
    parts: tuple[Part, ...]
    old: FieldRow | None = None
    new: FieldRow | None = None

    @property
    def sender(self) -> Verdict:
        return worst(part.sender for part in self.parts)

    @property
    def receiver(self) -> Verdict:
        return worst(part.receiver for part in self.parts)

    @property
    def level(self) -> str:
        return max(self.sender.level, self.receiver.level, key=LEVELS.index)

    @property
    def place(self) -> str:
        """`2207 in data.psn_type`, or `psn_type 21` for a code."""
        inner = ".".join(part for part in (self.node, self.name) if part)
        return " ".join(part for part in (self.infno, self.direction, inner) if part)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst level with every reason that is given for it."""
    known = list(verdicts)
    level = max((verdict.level for verdict in known), key=LEVELS.index)
    reasons = dict.fromkeys(verdict.reason for verdict in known if verdict.level == level)
    return Verdict(level, join(list(reasons), zh="；", en="; "))

"""Surroundings of a judged award: facts of the replica about the person, as they stood when the answer came."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.benefit import Accumulated

LIVE, CANCELLED, REVERSED, PREVIEWED = "live", "cancelled", "reversed", "previewed"


@dataclass(frozen=True, slots=True)
class HeldFiling:
    """Filing of the person, in force or not."""

    group: str
    place: str
    valid_from: str
    valid_to: str
    active: bool


@dataclass(frozen=True, slots=True)
class HeldInsurance:
    """Insurance of the person beside the one that is asked for."""

    insutype: str
    category: str
    civil_servant: bool
    balance: int


@dataclass(frozen=True, slots=True)
class Past:
    """Settlement, cancellation or preview of the person that came before; fen."""

    msgid: str
    kind: str
    """`settlement`, `cancellation` or `preview`."""
    state: str
    insutype: str
    year: int
    treated_area: str
    setl_time: str
    in_scope: int
    account: int
    movements: Mapping[tuple[str, str], int]
    """Additions to the accumulators."""
    cancelled_in: int = 0
    """Year of its cancellation, 0 where there is none."""
    lost: bool = False
    """True where no usable answer came before the reversal; the message may never have taken effect."""

    def as_json(self) -> dict[str, Any]:
        """The message as plain data, which `past_from_json` reads again."""
        movements = [[kind, under, fen] for (kind, under), fen in self.movements.items() if fen]
        return {name: getattr(self, name) for name in _PLAIN} | {"movements": movements}


_PLAIN = tuple(name for name in Past.__dataclass_fields__ if name != "movements")


def past_from_json(written: Mapping[str, Any]) -> Past:
    """The message that `Past.as_json` wrote."""
    movements = {(kind, under): fen for kind, under, fen in written["movements"]}
    return Past(**{**written, "movements": movements})


@dataclass(frozen=True, slots=True)
class Told:
    """Balances that the city told by 5206, with what was settled since."""

    at: str
    accumulated: Accumulated


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts beside the claim that an agency may take for the claim's."""

    filings: tuple[HeldFiling, ...] = ()
    insurances: tuple[HeldInsurance, ...] = ()
    balances: Mapping[tuple[str, int], Accumulated] = field(default_factory=dict)
    """By insurance and year, of this person."""
    history: tuple[Past, ...] = ()
    told: Told | None = None
    adopted: str = ""
    """Message since which the balances are the city's own, blank where they are ours; its settlement came after."""
    treated_area: str = ""

    def possible(self) -> Iterator["Surroundings"]:
        """Variants by which lost messages took effect: all of them, none, a single one of several."""
        yield self
        lost = [each for each in self.history if each.lost]
        for effective in [None, *lost] if len(lost) > 1 else [None] if lost else []:
            history = tuple(each for each in self.history if not each.lost or each is effective)
            yield replace(self, history=history)

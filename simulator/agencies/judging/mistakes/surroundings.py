"""Surroundings of a judged award: facts of the replica about the person, as they stood when the answer came."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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

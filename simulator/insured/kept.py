"""JSON columns of a settlement row: `details`, `expected` and `answered`."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypedDict

from simulator.benefit.trace import Trace


class KeptShare(TypedDict):
    """Share of a fund or of the account in a settlement; amounts in fen."""

    fund: str
    base: int
    limit: int | None
    paid: int


class KeptAward(TypedDict):
    """Award computed here: amounts in yuan by wire field, with the trace that its reasons are made from."""

    award: Mapping[str, Decimal]
    group: str
    disease: str
    year: int
    trace: Trace


class KeptRefusal(TypedDict):
    """Reasons why no award was computed here."""

    award: None
    refusals: Sequence[Mapping[str, object]]
    steps: Sequence[Mapping[str, object]]


class KeptAnswer(TypedDict):
    """Answer of a registered agency as received."""

    setlinfo: Mapping[str, object]
    setldetail: Sequence[Mapping[str, object]]

"""Bodies that a settlement row keeps as JSON."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypedDict

from simulator.benefit.trace import Trace


class KeptShare(TypedDict):
    """The share of a fund or of the account in a settlement; amounts in fen."""

    fund: str
    base: int
    limit: int | None
    paid: int


class KeptAward(TypedDict):
    """Our own award, amounts in yuan by their wire names, with the facts behind its reasons."""

    award: Mapping[str, Decimal]
    group: str
    disease: str
    year: int
    trace: Trace


class KeptRefusal(TypedDict):
    """The reasons why the platform itself would have awarded nothing."""

    award: None
    refusals: list[dict[str, Any]]
    steps: list[dict[str, Any]]


class KeptAnswer(TypedDict):
    """The answer of a registered agency as it came."""

    setlinfo: Mapping[str, Any]
    setldetail: list[Mapping[str, Any]]

"""What an insured place works with, and the registry of what it answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from simulator.benefit import Accumulated, Award, ChargeScope, City, Claim, PolicyBook, Rules
from simulator.benefit import award as award_of
from simulator.contract import Edition
from simulator.core.envelope import Head
from simulator.core.errors import Refusal, refuse
from simulator.core.findings import Finding
from simulator.domain.places import FilingCoverage
from simulator.store import people
from simulator.store.unit_of_work import UnitOfWork

Body = Mapping[str, Any]
Output = dict[str, Any]
BenefitEngine = Callable[[Claim, Rules, Accumulated], Award]
"""Function that awards a claim under rules over what has accrued."""


@dataclass(frozen=True, slots=True)
class Place:
    """The rules, codes and coverage that one insured place goes by."""

    edition: Edition
    policies: PolicyBook
    coverage: FilingCoverage
    numbers: str = ""
    """Stands before every number this place gives out, so its numbers are never mistaken for the platform's."""
    award: BenefitEngine = award_of

    def local(self, one: str, other: str) -> bool:
        return self.coverage.same_place(one, other)


class Charged(NamedTuple):
    """The charges of a settlement asked for in process: their parts in fen, and the time of the last one."""

    amounts: tuple[ChargeScope, ...]
    last_fee_at: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One message that an insured place has to answer."""

    work: UnitOfWork
    place: Place
    infno: str
    msgid: str
    institution: str
    """fixmedins_code of the treating institution."""
    treated_area: str
    insured_area: str
    body: Body
    now: datetime
    operator: tuple[str, str] = ("", "")
    """opter and opter_name."""
    origin_msgid: str = ""
    """The hospital's msgid where the platform forwarded under its own; else the same as msgid."""
    more: tuple[Refusal, ...] = ()
    """The platform's own reasons against a settlement, which come after those of the insured place (rules 14)."""
    charged: Charged | None = None
    """The charges, where they are not written out in `body`."""

    @classmethod
    def under(
        cls,
        head: Head,
        work: UnitOfWork,
        place: Place,
        body: Body,
        now: datetime,
        *,
        infno: str,
        msgid: str,
        origin_msgid: str,
        more: tuple[Refusal, ...] = (),
    ) -> "Asked":
        """A message with the places, institution and operator of a header."""
        return cls(
            work=work,
            place=place,
            infno=infno,
            msgid=msgid,
            institution=head.institution,
            treated_area=head.treated_area,
            insured_area=head.insured_area,
            body=body,
            now=now,
            operator=(head.operator, head.operator_name),
            origin_msgid=origin_msgid,
            more=more,
        )

    def city(self) -> City:
        return self.place.policies.city(self.insured_area)

    def code(self, table: str, meaning: str) -> str:
        return self.place.edition.code(table, meaning)

    def meaning(self, table: str, code: str) -> str | None:
        return self.place.edition.meaning(table, code)


@dataclass(frozen=True, slots=True)
class Answered:
    """What an insured place answered, and the settlement it was booked as, if any."""

    output: Output
    settlement_id: int | None = None
    warnings: tuple[Finding, ...] = field(default=())


InsuredHandler = Callable[[Asked], Answered]
HANDLERS: dict[str, InsuredHandler] = {}


def insured(*infnos: str) -> Callable[[InsuredHandler], InsuredHandler]:
    """Registers a function as the answer to these transactions; a second one for the same number is a mistake."""

    def register(handler: InsuredHandler) -> InsuredHandler:
        for infno in infnos:
            if infno in HANDLERS:
                raise ValueError(f"{infno} is answered by {HANDLERS[infno].__name__} and {handler.__name__}")
            HANDLERS[infno] = handler
        return handler

    return register


def answer(asked: Asked) -> Answered:
    """Answers one message; raises Refusal, or PolicyGap where the rules are silent."""
    return HANDLERS[asked.infno](asked)


def known_person(asked: Asked, psn_no: str, *, lock: bool = False) -> people.KnownPerson:
    """The person named, insured here; raises Refusal when nobody is."""
    known = people.load(asked.work, psn_no, lock=lock)
    if known is None:
        raise refuse("person_unknown", path="data.psn_no", psn_no=psn_no)
    return known


def wire_number(prefix: str, area: str, number: int) -> str:
    """A number we give out: area and eighteen digits, after the place's own prefix; at most 26 of 30 characters."""
    return f"{prefix}{area}{number:018d}"


def row_number(prefix: str, written: str) -> int | None:
    """The id inside a number we gave out; None for one that is not ours."""
    rest = written.removeprefix(prefix) if written.startswith(prefix) else ""
    return int(rest[6:]) if len(rest) == 24 and rest.isascii() and rest.isdigit() else None


def shown_date(value: date | None) -> str:
    return "" if value is None else value.isoformat()


def extension(body: Body) -> Mapping[str, Any]:
    """expContent as an object; clients send JSON text or an object, anything else means nothing to us."""
    raw = body.get("expContent") or body.get("exp_content") or ""
    if isinstance(raw, Mapping):
        return raw
    try:
        value = json.loads(raw) if isinstance(raw, str) and raw[:1] == "{" else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, Mapping) else {}


def is_emergency(*bodies: Body) -> bool:
    """Whether a message marks an emergency: expContent `{"emergency": "1"}` (ours)."""
    return any(str(extension(body).get("emergency", "")) == "1" for body in bodies)

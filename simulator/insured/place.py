"""Insured place: its rules, the messages it is asked, and the registry of its handlers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from simulator.benefit import Accumulated, Award, ChargeScope, City, Claim, PolicyBook, Rules
from simulator.benefit import award as award_of
from simulator.contract import Edition
from simulator.core.envelope import Head
from simulator.core.errors import Refusal, refuse
from simulator.core.findings import Finding
from simulator.core.refusals import refuse_in_strict
from simulator.domain.places import FilingCoverage
from simulator.store import people
from simulator.store.unit_of_work import UnitOfWork

Body = Mapping[str, Any]
"""Input of a message, or an object in it, by wire field; the contract has checked its shape."""
Output = dict[str, Any]
"""Output of a message by wire field; the contract checks its shape before it is sent."""
BenefitEngine = Callable[[Claim, Rules, Accumulated], Award]
"""Function that awards a claim under rules over what has accrued."""


@dataclass(frozen=True, slots=True)
class Place:
    """Codes, city files and filing coverage of an insured place."""

    edition: Edition
    policies: PolicyBook
    coverage: FilingCoverage
    numbers: str = ""
    """Prefix of every number that this place issues, to tell it from a number of the platform."""
    """Stands before every number this place gives out, so its numbers are never mistaken for the platform's."""
    award: BenefitEngine = award_of

    def local(self, one: str, other: str) -> bool:
        """Tells whether two areas are the same place (rules 11)."""
        return self.coverage.same_place(one, other)


class Charged(NamedTuple):
    """Charges of a settlement asked for in process: their parts in fen, and the wire time of the last."""

    amounts: tuple[ChargeScope, ...]
    last_fee_at: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Message to an insured place; `now` is Beijing time of the trade clock."""

    work: UnitOfWork
    place: Place
    infno: str
    msgid: str
    institution: str
    """fixmedins_code of the institution that treats."""
    treated_area: str
    insured_area: str
    body: Body
    now: datetime
    operator: tuple[str, str] = ("", "")
    """opter and opter_name."""
    origin_msgid: str = ""
    """Msgid of the hospital, which differs where the platform forwarded under one of its own."""
    more: tuple[Refusal, ...] = ()
    """Reasons of the platform against a settlement, which follow those of the insured place (rules 14)."""
    charged: Charged | None = None
    """Charges of a settlement, where `body` has no feedetail."""
    strict: bool = True
    findings: list[Finding] = field(default_factory=list)
    """Warnings about a message that is accepted all the same; unused where the place is a registered agency."""

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
        strict: bool = True,
        findings: list[Finding] | None = None,
    ) -> "Asked":
        """Makes a message with the places, institution and operator of a header."""
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
            strict=strict,
            findings=[] if findings is None else findings,
        )

    def refuse_in_strict(self, refusal: Refusal) -> None:
        """Raises the refusal in strict; in lenient adds a warning."""
        refuse_in_strict(refusal, strict=self.strict, findings=self.findings)

    def city(self) -> City:
        """Returns the policy of the insured area."""
        return self.place.policies.city(self.insured_area)

    def code(self, table: str, meaning: str) -> str:
        """Returns the code of a meaning in a table of the edition."""
        return self.place.edition.code(table, meaning)

    def meaning(self, table: str, code: str) -> str | None:
        """Returns the meaning of a code in a table of the edition, or None."""
        return self.place.edition.meaning(table, code)


@dataclass(frozen=True, slots=True)
class Answered:
    """Answer of an insured place, with the id of the settlement row that it booked, if any."""

    output: Output
    settlement_id: int | None = None
    warnings: tuple[Finding, ...] = field(default=())


InsuredHandler = Callable[[Asked], Answered]
HANDLERS: dict[str, InsuredHandler] = {}


def insured(*infnos: str) -> Callable[[InsuredHandler], InsuredHandler]:
    """Registers a function as the handler of transactions; raises ValueError for one that has a handler."""

    def register(handler: InsuredHandler) -> InsuredHandler:
        for infno in infnos:
            if infno in HANDLERS:
                raise ValueError(f"{infno} is answered by {HANDLERS[infno].__name__} and {handler.__name__}")
            HANDLERS[infno] = handler
        return handler

    return register


def answer(asked: Asked) -> Answered:
    """Answers a message; raises Refusal, or PolicyGap where the city file has no figure for the day."""
    return HANDLERS[asked.infno](asked)


def known_person(asked: Asked, psn_no: str, *, lock: bool = False) -> people.KnownPerson:
    """Loads the person of a number; raises Refusal where the number is unknown."""
    known = people.load(asked.work, psn_no, lock=lock)
    if known is None:
        raise refuse("person_unknown", path="data.psn_no", psn_no=psn_no)
    return known


def wire_number(prefix: str, area: str, number: int) -> str:
    """Makes a number for the wire from an id: prefix, area and eighteen digits, at most 26 of the 30 characters."""
    return f"{prefix}{area}{number:018d}"


def row_number(prefix: str, written: str) -> int | None:
    """Returns the id in a number made by `wire_number`, or None for any other number."""
    rest = written.removeprefix(prefix) if written.startswith(prefix) else ""
    return int(rest[6:]) if len(rest) == 24 and rest.isascii() and rest.isdigit() else None


def extension(body: Body) -> Mapping[str, object]:
    """Returns expContent, sent as JSON text or as an object; {} for anything else."""
    raw = body.get("expContent") or body.get("exp_content") or ""
    if isinstance(raw, Mapping):
        return raw
    try:
        value = json.loads(raw) if isinstance(raw, str) and raw[:1] == "{" else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, Mapping) else {}


def is_emergency(*bodies: Body) -> bool:
    """Tells whether any body marks an emergency: expContent `{"emergency": "1"}` (ours)."""
    return any(str(extension(body).get("emergency", "")) == "1" for body in bodies)

"""Case of a settlement: the claim, rules and accumulators that decide it, with every reason to refuse."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from simulator.benefit import Accumulated, ChargeScope, City, Claim, Dates
from simulator.catalogue import level_of
from simulator.core.clock import from_wire
from simulator.core.errors import Refusal, refuse
from simulator.core.money import to_fen
from simulator.domain.care import CARE, care_of
from simulator.domain.person import Insurance, in_force
from simulator.domain.places import LOCAL
from simulator.insured import books
from simulator.insured.place import Asked, Body, Charged, is_emergency, known_person
from simulator.store import people

SPECIAL, EMERGENCY, ORDINARY = "special_disease", "emergency", "outpatient"
BEFORE_SETTLEMENT = "filed_before_settlement"


@dataclass(frozen=True, slots=True)
class Case:
    """Settlement asked for, with the facts that decide it; `refusals` are ordered by rules 14."""

    known: people.KnownPerson
    insurance: Insurance | None
    claim: Claim
    city: City
    accumulated: Accumulated
    refusals: tuple[Refusal, ...]
    mdtrt_id: str
    batch_number: str


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Entitlement of a person to a kind of care on given days; without refusals the person is entitled.

    `treated` is the scope of the treatment place, `groups` those of the filings that cover it.
    """

    insurance: Insurance | None
    treated: str
    groups: tuple[str, ...]
    disease: str
    refusals: tuple[Refusal, ...]


def case_of(asked: Asked) -> Case:
    """Makes the case of a message of the settlement family and locks its person; raises Refusal for an unknown one."""
    data, visit = asked.body["data"], asked.body.get("mdtrtinfo") or {}
    known = known_person(asked, data["psn_no"], lock=True)
    charged = asked.charged or _charged(asked.body.get("feedetail") or [])
    city = asked.city()
    dates = Dates(
        visit_begin=from_wire(visit["begntime"]).date() if visit.get("begntime") else asked.now.date(),
        charge=from_wire(charged.last_fee_at).date() if charged.last_fee_at else asked.now.date(),
        settlement=asked.now.date(),
    )
    kind = asked.meaning("med_type", data["med_type"]) or data["med_type"]
    granted = entitlement(
        asked,
        known,
        insutype=data["insutype"],
        kind=kind,
        disease=visit.get("dise_codg") or "" if kind == SPECIAL else "",
        emergency=kind == EMERGENCY or (_may_be_emergency(kind) and is_emergency(visit, data)),
        dates=dates,
    )
    level = asked.meaning("hosp_lv", (asked.body.get("medinsinfo") or {}).get("hosp_lv") or "")
    claim = Claim(
        area=asked.insured_area,
        insutype=data["insutype"],
        category=granted.insurance.category if granted.insurance else "",
        care=care_of(kind),
        disease=granted.disease,
        hospital_level=level_of(level or ""),
        treated=granted.treated,
        groups=granted.groups,
        civil_servant=granted.insurance.civil_servant if granted.insurance else False,
        identities=_identities(known, city.day_of("identity", dates)),
        charges=charged.amounts,
        account_used=str(data["acct_used_flag"]) == "1",
        account_balance=granted.insurance.balance if granted.insurance else 0,
        dates=dates,
        visit=data["mdtrt_id"],
    )
    of_year = data["mdtrt_id"], data["insutype"], city.year_of(dates)
    accumulated = people.accumulated(asked.work, known.id, *of_year[1:])
    return Case(
        known=known,
        insurance=granted.insurance,
        claim=claim,
        city=city,
        accumulated=books.other_visits(asked.work, known.id, *of_year, accumulated),
        refusals=(*granted.refusals, *asked.more),
        mdtrt_id=data["mdtrt_id"],
        batch_number=data["chrg_bchno"],
    )


def _may_be_emergency(kind: str) -> bool:
    """Tells whether a kind of care is an emergency where a message says so."""
    return kind == SPECIAL or CARE[care_of(kind)].stay


def entitlement(
    asked: Asked, known: people.KnownPerson, *, insutype: str, kind: str, disease: str, emergency: bool, dates: Dates
) -> Entitlement:
    """Decides entitlement; refusals in the order insurance, listed disease, registration, filing (rules 14)."""
    city = asked.city()
    reasons: list[Refusal] = []
    insurance = _insurance(asked, known, insutype, city.day_of("insurance", dates), reasons)
    treated = asked.place.coverage.scope(asked.treated_area, asked.insured_area)
    elsewhere = treated != LOCAL
    if kind == SPECIAL:
        _disease(city, known, disease, treated, dates, reasons)
    groups = _groups(asked, known, dates, emergency=emergency) if elsewhere else ()
    if elsewhere and not groups and city.unfiled(dates, treated) == "refuse":
        reasons.append(refuse("not_filed", area=asked.treated_area, city=city.name))
    return Entitlement(insurance, treated, groups, disease, tuple(reasons))


def _insurance(
    asked: Asked, known: people.KnownPerson, insutype: str, on: date, reasons: list[Refusal]
) -> Insurance | None:
    of_type = [each for each in known.person.insurances if each.insutype == insutype]
    here = [each for each in of_type if asked.place.local(each.area, asked.insured_area)]
    valid = [each for each in here if in_force(each.valid_from, each.valid_to, on)]
    if not of_type:
        reasons.append(refuse("insurance_none", insutype=insutype, on=on))
    elif not here:
        areas = "、".join(sorted({each.area for each in of_type}))
        reasons.append(refuse("insurance_elsewhere", insutype=insutype, area=asked.insured_area, areas=areas))
    elif (valid or here)[0].status == "ended":
        reasons.append(refuse("insurance_ended", insutype=insutype))
    elif not valid:
        reasons.append(refuse("insurance_not_in_force", insutype=insutype, on=on))
    elif valid[0].status == "suspended" and (valid[0].suspended_from is None or valid[0].suspended_from <= on):
        reasons.append(refuse("insurance_suspended", insutype=insutype, since=valid[0].suspended_from or on))
    return next(iter(valid or here or of_type), None)


def _disease(
    city: City, known: people.KnownPerson, billed: str, treated: str, dates: Dates, reasons: list[Refusal]
) -> None:
    """Adds the reasons why the disease is not payable, or not registered on the day."""
    on = city.day_of("figures", dates)
    mapped = city.mapped(billed)
    if mapped not in city.diseases(on):
        reasons.append(refuse("disease_not_listed", disease=billed or "-", city=city.name))
    elif not city.outbound(mapped, on, treated):
        reasons.append(refuse("disease_not_outbound", disease=billed, city=city.name))
    day = city.day_of("registration", dates)
    same = [each for each in known.person.registrations if city.mapped(each.disease) == mapped]
    if not same:
        reasons.append(refuse("disease_not_registered", disease=billed or "-"))
    elif not any(in_force(each.valid_from, each.valid_to, day) for each in same):
        reasons.append(refuse("registration_not_in_force", disease=billed, on=day))


def _groups(asked: Asked, known: people.KnownPerson, dates: Dates, *, emergency: bool) -> tuple[str, ...]:
    """Returns the groups of filings that cover the treatment place; an emergency is a group as well.

    A filing that names no last day ends with the term of its group; one that begins too long after the visit began
    does not count for it (rules 40).
    """
    city = asked.city()
    on, rules = city.day_of("filing", dates), city.rules(dates)
    covering = [
        each.group
        for each in known.person.filings
        if each.active
        and in_force(each.valid_from, city.filing_end(each), on)
        and asked.place.coverage.covers(each.place, asked.treated_area)
        and _in_time((each.valid_from - dates.visit_begin).days, rules.filed_afterwards(BEFORE_SETTLEMENT, each.group))
    ]
    return tuple(dict.fromkeys([*covering, "emergency"] if emergency else covering))


def _in_time(late: int, limit: int | None) -> bool:
    """Tells whether a filing is late by no more days than the city allows, if it has a limit."""
    return limit is None or late <= max(0, limit)


def _identities(known: people.KnownPerson, on: date) -> tuple[str, ...]:
    return tuple(each.kind for each in known.person.identities if in_force(each.valid_from, each.valid_to, on))


def _charged(rows: Sequence[Body]) -> Charged:
    """Reads the charges of feedetail."""
    # Wire times sort as text, so the greatest is the latest.
    return Charged(tuple(map(_scope, rows)), max((row["fee_ocur_time"] for row in rows), default=""))


def _scope(row: Body) -> ChargeScope:
    return ChargeScope(
        total=to_fen(row["det_item_fee_sumamt"]),
        own_purchase=to_fen(row["fulamt_ownpay_amt"]),
        above_ceiling=to_fen(row["overlmt_amt"]),
        prior_selfpay=to_fen(row["preselfpay_amt"]),
        in_scope=to_fen(row["inscp_scp_amt"]),
    )

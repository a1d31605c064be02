"""Books of agencies compared with the platform's copy: persons, balances of two years, registrations, days' rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from simulator.agencies.delivery.forwarding import Forwarding
from simulator.agencies.probing.own_messages import AgencyLine, ask
from simulator.agencies.replica.day_rows import agency_day
from simulator.domain.transaction_table import (
    ACCUMULATOR_QUERY,
    PERSON_QUERY,
    RECONCILIATION_DAY,
    REGISTRATION_QUERY,
)
from simulator.insured.person_queries import CERTIFICATE
from simulator.sandbox.configuration import Agency, Config
from simulator.sandbox.sandboxes import Sandbox
from simulator.store import people
from simulator.store.statements import Statement
from simulator.store.tables import AGENCY_LEG, journal, settlement
from simulator.store.unit_of_work import UnitOfWork


class _Psn(NamedTuple):
    """Number of a person whom an agency was asked about."""

    psn_no: str


_ASKED_ABOUT = Statement(
    select(journal.c.psn_no)
    .where(AGENCY_LEG, journal.c.psn_no != bindparam("blank"))
    .distinct()
    .order_by(journal.c.psn_no),
    _Psn,
)
_UTC_BEHIND = "08:00:00"


@dataclass(frozen=True, slots=True)
class _Question:
    """A question to the agency of an area."""

    area: str
    infno: str
    body: Mapping[str, Any]


def compare_books(sandbox: Sandbox, forwarding: Forwarding, psn_no: str = "") -> list[str]:
    """Asks the agencies about all persons they were asked about before, or about one; the exchanges.

    A transaction that an agency does not serve is left out.
    """
    with sandbox.begin() as (work, config, clock):
        today = clock.now(forwarding.real_time()).date()
        questions = list(_questions(work, config, today, psn_no))
    return [ask(AgencyLine(sandbox, forwarding, each.area), each.infno, each.body) for each in questions]


def _questions(work: UnitOfWork, config: Config, today: date, psn_no: str) -> Iterator[_Question]:
    asked_about = [psn_no] if psn_no else [each.psn_no for each in work.all(_ASKED_ABOUT, blank="")]
    for each in asked_about:
        known = people.load(work, each)
        if known is None:
            continue
        areas = {insurance.area: config.agency_for(insurance.area) for insurance in known.person.insurances}
        for area, agency in areas.items():
            if agency is not None:
                yield from _of_person(work, config, known, area, agency, today)
    for area, agency in config.agencies.items():
        if _serves(agency, RECONCILIATION_DAY):
            for day in _days(work, config, agency, today):
                yield _Question(area, RECONCILIATION_DAY, agency_day(work, config, agency, day).body)


def _of_person(
    work: UnitOfWork, config: Config, known: people.KnownPerson, area: str, agency: Agency, today: date
) -> Iterator[_Question]:
    person = known.person
    shown = {
        "mdtrt_cert_type": CERTIFICATE,
        "mdtrt_cert_no": person.certificate_number,
        "card_sn": "",
        "begntime": "",
        "psn_cert_type": config.contract.edition.code("psn_cert_type", person.certificate_type),
        "certno": person.certificate_number,
        "psn_name": person.name,
    }
    questions = [(PERSON_QUERY, shown), (REGISTRATION_QUERY, {"psn_no": person.psn_no})]
    booked = {row.year for row in work.find(settlement, psn_no=person.psn_no)}
    for year in sorted({today.year, today.year - 1, *booked}):
        month = "" if year == today.year else f"{year}12"
        questions.append((ACCUMULATOR_QUERY, {"psn_no": person.psn_no, "cum_ym": month}))
    for infno, data in questions:
        if _serves(agency, infno):
            yield _Question(area, infno, {"data": data})


def _days(work: UnitOfWork, config: Config, agency: Agency, today: date) -> list[str]:
    """Days on which something was settled or cancelled, the day before for what UTC has there, and today."""
    found = {today.isoformat()}
    for row in work.find(settlement, order="id"):
        if row.agency_msgid and config.agency_for(row.insured_area) == agency:
            found.add(row.setl_time[:10])
            if row.setl_time[11:] < _UTC_BEHIND:
                found.add((date.fromisoformat(row.setl_time[:10]) - timedelta(days=1)).isoformat())
    return sorted(found)


def _serves(agency: Agency, infno: str) -> bool:
    served = agency.capabilities.get("transactions")
    return not served or infno in served

"""Synchronisation of a person with the insuring agency: identity, registrations, accumulators.

The insured place owns these facts: docs/architecture.md#ownership.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from simulator.agencies.delivery.forwarding import Forwarding
from simulator.agencies.delivery.queries import AgencyQueries
from simulator.agencies.delivery.translation import accumulator_key
from simulator.agencies.replica import insured_people
from simulator.core.money import to_fen
from simulator.domain.person import Registration
from simulator.domain.transaction_table import ACCUMULATOR_QUERY, PERSON_QUERY, REGISTRATION_QUERY
from simulator.sandbox.configuration import Agency
from simulator.sandbox.sandboxes import Sandbox
from simulator.store import people
from simulator.store.tables import registration
from simulator.store.unit_of_work import UnitOfWork


def synchronise_person(sandbox: Sandbox, forwarding: Forwarding, area: str, shown: Mapping[str, Any]) -> str:
    """Copies a person from the agency of `area` by 1101, 5301 and 5206; returns the psn_no. Raises Refusal.

    `shown` is the `data` of the 1101: the credential that identifies the person.
    """
    queries = AgencyQueries(sandbox, forwarding, area)
    output = queries.ask(PERSON_QUERY, {"data": dict(shown)}, psn_no="")
    with sandbox.begin() as (work, config, clock):
        asked = queries.asked(work, config, clock.now(forwarding.real_time()), PERSON_QUERY, {"data": dict(shown)})
        known = insured_people.update_person(asked, output)
        assert known is not None
        psn_no = known.person.psn_no
    registered = queries.ask(REGISTRATION_QUERY, {"data": {"psn_no": psn_no}}, psn_no=psn_no)
    accrued = queries.ask(ACCUMULATOR_QUERY, {"data": {"psn_no": psn_no, "cum_ym": ""}}, psn_no=psn_no)
    with sandbox.begin() as (work, config, _):
        _replace_registrations(work, known.id, registered)
        _set_accumulators(work, known.id, accrued, config.agency_for(area))
    return psn_no


def _replace_registrations(work: UnitOfWork, person_id: int, output: Mapping[str, Any]) -> None:
    # 5301 lists every registration that has not ended, so the answer replaces the earlier rows as a whole.
    work.remove(registration, person_id=person_id)
    for row in output.get("feedetail") or []:
        ends = row.get("enddate")
        given = Registration(
            disease=row["opsp_dise_code"],
            name=row["opsp_dise_name"],
            valid_from=date.fromisoformat(row["begndate"]),
            valid_to=date.fromisoformat(ends) if ends else None,
        )
        people.add_registration(work, person_id, given)


def _set_accumulators(work: UnitOfWork, person_id: int, output: Mapping[str, Any], agency: Agency | None) -> None:
    for row in output.get("cuminfo") or []:
        key = accumulator_key(row["cum_type_code"], agency)
        if key is not None:
            movement = {key: to_fen(row["cum"])}
            people.move(work, person_id, row["insutype"], int(row["year"]), movement, opening=True)

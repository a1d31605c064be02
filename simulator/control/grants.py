"""Control calls that grant or end filings and registrations, and their delivery to a registered agency."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from simulator.agencies.outbox import worker
from simulator.control.calls import ControlRequest, call, day_of, id_of
from simulator.core.clock import wire_time
from simulator.core.errors import DataFaults, refuse
from simulator.core.masking import mask
from simulator.core.texts import text
from simulator.domain.person import Filing, Registration
from simulator.domain.transaction_table import DISEASE_REGISTRATION, DISEASE_REGISTRATION_WITHDRAWAL, FILING
from simulator.insured.grants import conflicts_of, ended_on, filing_message, refuse_filed_late
from simulator.people.contradictions import filing_faults
from simulator.people.diseases import disease_name
from simulator.sandbox.configuration import Config
from simulator.store import people
from simulator.store.person_rows import FilingRow, RegistrationRow
from simulator.store.tables import filing, registration, task
from simulator.store.typed_tables import TableOf
from simulator.store.unit_of_work import UnitOfWork


@call("POST", "people/<psn_no>/filings")
def add_filing(request: ControlRequest) -> Any:
    """Adds a filing; delivered to a registered agency by SIM-FILING, or as a task if its filings are made by hand."""
    body = request.validated_body("filing")
    filed = Filing(
        group=body["group"],
        place=body["place"],
        valid_from=day_of(body["from"], "from"),
        channel=body["channel"],
        valid_to=day_of(body["to"], "to") if body.get("to") else None,
    )
    _refuse_reversed_dates(filed.valid_from, filed.valid_to)
    with request.sandbox.begin() as (work, config, clock):
        known = request.person(work, lock=True)
        _refuse_impossible(body, known)
        now = clock.now(request.platform.sandboxes.real_time())
        city = config.policies.city(known.person.insurances[0].area)
        refuse_filed_late(city, filed, now.date())
        told = conflicts_of(city, filed, known.person.filings, config.coverage)
        number = people.put_filing(work, known.id, filed)
        delivery = deliver(work, config, now, known, filed)
    _send_now(request, delivery)
    warnings = [{"rule": each.rule, "sentence": each.sentence.as_json()} for each in told]
    return {"id": str(number), "delivery": delivery, **_filing_as_json(filed), "warnings": warnings}


@call("DELETE", "people/<psn_no>/filings/<number>")
def end_filing(request: ControlRequest) -> Any:
    """Ends a filing as of yesterday."""
    with request.sandbox.begin() as (work, config, clock):
        known = request.person(work, lock=True)
        row = _grant_of(work, filing, request.path_values["number"], known)
        now = clock.now(request.platform.sandboxes.real_time())
        ends = ended_on(now.date(), row)
        work.change(filing, {"id": row.id}, active=0, valid_to=ends)
        ended = people.filing_of(work.get_required(filing, id=row.id))
        delivery = deliver(work, config, now, known, ended)
    _send_now(request, delivery)
    return {"id": str(row.id), "delivery": delivery, "to": ends}


@call("POST", "people/<psn_no>/registrations")
def add_registration(request: ControlRequest) -> Any:
    """Adds a disease registration; delivered to a registered agency by 2503, or as a task as for a filing."""
    body = request.validated_body("registration")
    given = Registration(
        disease=body["disease"],
        name=disease_name(body["disease"]),
        valid_from=day_of(body["from"], "from"),
        valid_to=day_of(body["to"], "to") if body.get("to") else None,
    )
    _refuse_reversed_dates(given.valid_from, given.valid_to)
    with request.sandbox.begin() as (work, config, clock):
        known = request.person(work, lock=True)
        number = people.add_registration(work, known.id, given)
        now = clock.now(request.platform.sandboxes.real_time())
        delivery = deliver(work, config, now, known, replace(given, id=str(number)))
    _send_now(request, delivery)
    return {"id": str(number), "delivery": delivery, "disease": given.disease, "name": given.name, "from": body["from"]}


@call("DELETE", "people/<psn_no>/registrations/<number>")
def end_registration(request: ControlRequest) -> Any:
    """Ends a registration as of yesterday; delivered to a registered agency by 2504, or as a task."""
    with request.sandbox.begin() as (work, config, clock):
        known = request.person(work, lock=True)
        row = _grant_of(work, registration, request.path_values["number"], known)
        now = clock.now(request.platform.sandboxes.real_time())
        ends = ended_on(now.date(), row)
        work.change(registration, {"id": row.id}, valid_to=ends)
        delivery = _deliver_end(work, config, now, known, work.get_required(registration, id=row.id))
    _send_now(request, delivery)
    return {"id": str(row.id), "to": ends, "delivery": delivery}


def _deliver_end(work: UnitOfWork, config: Config, now: Any, known: people.KnownPerson, row: RegistrationRow) -> str:
    """Queues a 2504 with the agency's number, or adds a task; returns `none`, `queued` or `by_hand`.

    The task is for filings made by hand, and for a registration without the agency's number, which 2504 cannot name.
    """
    area = known.person.insurances[0].area
    agency = config.agency_for(area)
    if agency is None:
        return "none"
    by_hand = agency.capabilities.get("filings") == "by hand"
    if by_hand or not (row.agency_number or worker.awaits_number(work, row.id)):
        _add_task(work, known, people.registration_of(row))
        return "by_hand"
    data = {"trt_dcla_detl_sn": row.agency_number, "psn_no": known.person.psn_no, "memo": "nhsa-sim"}
    worker.deliver_later(
        work,
        config,
        now,
        area=area,
        infno=DISEASE_REGISTRATION_WITHDRAWAL,
        psn_no=known.person.psn_no,
        body={"data": data},
        institution=_institution(config, area),
        registration_id=row.id,
    )
    return "queued"


def deliver(work: UnitOfWork, config: Config, now: Any, known: people.KnownPerson, granted: Any) -> str:
    """Delivers a filing or registration to the registered agency; returns `none`, `queued` or `by_hand`.

    `queued` puts a message into the outbox, `by_hand` a task on the board; `none` means that the place is simulated.
    """
    area = known.person.insurances[0].area
    agency = config.agency_for(area)
    if agency is None:
        return "none"
    if agency.capabilities.get("filings") == "by hand":
        _add_task(work, known, granted)
        return "by_hand"
    institution = _institution(config, area)
    if isinstance(granted, Filing):
        infno, body = FILING, filing_message(known.person.psn_no, granted)
    else:
        infno, body = DISEASE_REGISTRATION, _registration_message(known, granted, institution, wire_time(now)[:10])
    worker.deliver_later(
        work,
        config,
        now,
        area=area,
        infno=infno,
        psn_no=known.person.psn_no,
        body=body,
        institution=institution,
        registration_id=int(granted.id) if isinstance(granted, Registration) and granted.id else None,
    )
    return "queued"


def _add_task(work: UnitOfWork, known: people.KnownPerson, granted: Any) -> None:
    """Adds a task that asks the agency's staff to enter the grant; a later 2001 shows whether they did."""
    data = {"psn_no": known.person.psn_no, "psn_name": mask(known.person.name)}
    if isinstance(granted, Filing):
        data |= filing_message(known.person.psn_no, granted)["data"]
    else:
        ends = granted.valid_to.isoformat() if granted.valid_to else ""
        data |= {"disease": granted.disease, "from": granted.valid_from.isoformat(), "to": ends}
    title = text("control.by_hand", psn_no=known.person.psn_no).as_json()
    written = json.dumps({"act": "file", "title": title, "data": data}, ensure_ascii=False)
    work.add(task, role="agency", state="open", body=written, result="")


def _registration_message(
    known: people.KnownPerson, granted: Registration, institution: str, today: str
) -> dict[str, Any]:
    return {
        "data": {
            "psn_no": known.person.psn_no,
            "insutype": known.person.insurances[0].insutype,
            "opsp_dise_code": granted.disease,
            "opsp_dise_name": granted.name,
            "tel": "",
            "addr": "",
            "insu_optins": known.person.insurances[0].area,
            "ide_fixmedins_no": institution,
            "ide_fixmedins_name": institution,
            "hosp_ide_date": today,
            "diag_dr_codg": "D00000000000",
            "diag_dr_name": "模拟医师",
            "begndate": granted.valid_from.isoformat(),
            "enddate": granted.valid_to.isoformat() if granted.valid_to else "",
        }
    }


def _institution(config: Config, area: str) -> str:
    """Institution code for messages that the platform itself sends: the first institution of the area."""
    return next((each.code for each in config.institutions.of(area)), f"H{area}00000")


def _send_now(request: ControlRequest, delivery: str) -> None:
    if delivery == "queued":
        worker.run(request.sandbox, request.platform.forwarding)


_GrantT = TypeVar("_GrantT", RegistrationRow, FilingRow)


def _grant_of(work: UnitOfWork, table: TableOf[_GrantT], number: str, known: people.KnownPerson) -> _GrantT:
    row = work.get(table, id=found) if (found := id_of(number)) is not None else None
    if row is None or row.person_id != known.id:
        raise refuse("grant_unknown", path="id", serial=number)
    return row


def _refuse_impossible(body: Mapping[str, Any], known: people.KnownPerson) -> None:
    """Raises DataFaults for a filing that could not exist, by the checks that apply when a person is created."""
    insurances = known.person.insurances
    faults = list(filing_faults(body, homes=[each.area for each in insurances], category=insurances[0].category))
    if faults:
        raise DataFaults(faults)


def _refuse_reversed_dates(begins: date, ends: date | None) -> None:
    if ends is not None and ends < begins:
        raise refuse("ends_before_it_begins", path="to", begins=begins, ends=ends)


def _filing_as_json(filed: Filing) -> dict[str, Any]:
    written = {
        "place": filed.place,
        "group": filed.group,
        "from": filed.valid_from.isoformat(),
        "channel": filed.channel,
    }
    return written | ({"to": filed.valid_to.isoformat()} if filed.valid_to else {})

"""Stays in hospital: admission, discharge, change of the admission and their withdrawal (2401-2405)."""

from collections.abc import Iterable

from simulator.core.clock import from_wire
from simulator.core.errors import refuse
from simulator.core.json_codec import read_own, write_json
from simulator.domain.care import CARE, care_of
from simulator.insured.place import Body, is_emergency, wire_number
from simulator.store import people, subjects
from simulator.store.rows import VisitRow
from simulator.store.tables import visit
from simulator.transactions.registry import Call, Kept, transaction
from simulator.transactions.visits import (
    CLOSED,
    DISCHARGED,
    OPEN,
    SETTLED,
    WITHDRAWN,
    add_visit,
    check_credential,
    is_stay,
    live_batches,
    own_visit,
)

_UNCHANGEABLE = ("begntime", "mdtrt_cert_type", "med_type")
"""Facts of the admission that an award goes by: fixed once an interval of the stay is settled."""
_NOT_OF_ADMISSION = ("mdtrt_id", "ipt_otp_no", "endtime")
"""Fields of 2403 that 2401 does not have."""


@transaction("2401")
def admit(body: Body, call: Call) -> Kept:
    """Opens a stay of a known person who shows a credential of their own (2401)."""
    info = body["mdtrtinfo"]
    known = check_credential(call, info)
    _refuse_other_care(call, info["med_type"], "mdtrtinfo.med_type")
    # Locked first: of two admissions at once the second finds the stay that the first opened.
    people.lock(call.work, known.person.psn_no)
    _refuse_second_stay(call, known.id, info["psn_no"])
    stay_id = add_visit(
        call,
        known,
        info,
        number=info["ipt_no"],
        med_type=info["med_type"],
        emergency=int(is_emergency(info)),
        described=write_json({"mdtrtinfo": info, "diseinfo": body.get("diseinfo") or []}).decode(),
    )
    return Kept({"result": {"mdtrt_id": wire_number("", call.treated_area, stay_id)}})


@transaction("2402")
def discharge(body: Body, call: Call) -> Kept:
    """Ends an open stay (2402), which takes no more charges; the settlement that closes it may follow."""
    info = body["dscginfo"]
    row = own_stay(call, info["mdtrt_id"], info["psn_no"], path="dscginfo", states=(OPEN,))
    if info["insutype"] != row.insutype:
        raise refuse("insutype_differs", path="dscginfo.insutype", got=info["insutype"], wanted=row.insutype)
    if info["endtime"] < row.begin:
        begins, ends = row.begin, info["endtime"]
        raise refuse("ends_before_it_begins", path="dscginfo.endtime", begins=begins, ends=ends)
    told = read_own(row.described)
    told = {**told, "dscginfo": info, "diseinfo": _merged(told["diseinfo"], body.get("diseinfo") or [])}
    call.work.change(visit, {"id": row.id}, state=DISCHARGED, described=write_json(told).decode())
    return Kept({})


@transaction("2403")
def change_admission(body: Body, call: Call) -> Kept:
    """Replaces the facts of an admission (2403); a diagnosis with a known diag_srt_no is replaced, another added."""
    info = body["adminfo"]
    row = own_stay(call, info["mdtrt_id"], info["psn_no"], path="adminfo", states=(OPEN, DISCHARGED))
    _refuse_other_care(call, info["med_type"], "adminfo.med_type")
    told = read_own(row.described)
    before = told["mdtrtinfo"]
    if any(each.state == SETTLED for each in live_batches(call, row.id)):
        for name in _UNCHANGEABLE:
            if info[name] != before[name]:
                raise refuse("stay_fact_fixed", path=f"adminfo.{name}", field=name, got=info[name], wanted=before[name])
    # The number of the stay has one name at admission and another here.
    changed = {**before, **_without(info, _NOT_OF_ADMISSION), "ipt_no": info["ipt_otp_no"]}
    told = {**told, "mdtrtinfo": changed, "diseinfo": _merged(told["diseinfo"], body.get("diseinfo") or [])}
    call.work.change(
        visit,
        {"id": row.id},
        ipt_otp_no=info["ipt_otp_no"],
        begin=info["begntime"],
        med_type=info["med_type"],
        emergency=int(is_emergency(changed)),
        described=write_json(told).decode(),
    )
    return Kept({})


@transaction("2404")
def withdraw_admission(body: Body, call: Call) -> Kept:
    """Withdraws an admission without charges (2404); 2305 cancels its settlements and 2302 its charges first."""
    data = body["data"]
    row = own_stay(call, data["mdtrt_id"], data["psn_no"], path="data", states=(OPEN,))
    if subjects.has_charges(call.work, row.id):
        raise refuse("stay_has_charges", path="data.mdtrt_id", mdtrt_id=data["mdtrt_id"])
    call.work.change(visit, {"id": row.id}, state=WITHDRAWN)
    return Kept({})


@transaction("2405")
def withdraw_discharge(body: Body, call: Call) -> Kept:
    """Opens a discharged stay again (2405); the settlement that closed it is cancelled first."""
    data = body["data"]
    row = own_stay(call, data["mdtrt_id"], data["psn_no"], path="data", states=(DISCHARGED, CLOSED, OPEN))
    if row.state == CLOSED:
        raise refuse("stay_is_settled", path="data.mdtrt_id", mdtrt_id=data["mdtrt_id"])
    if row.state == OPEN:
        raise refuse("stay_not_discharged", path="data.mdtrt_id", mdtrt_id=data["mdtrt_id"])
    told = read_own(row.described)
    told.pop("dscginfo", None)
    call.work.change(visit, {"id": row.id}, state=OPEN, described=write_json(told).decode())
    return Kept({})


def own_stay(call: Call, mdtrt_id: str, psn_no: str, *, path: str, states: Iterable[str]) -> VisitRow:
    """Returns a stay of this institution and person in one of the states, and locks it; raises Refusal."""
    row = own_visit(call, mdtrt_id, psn_no, path=path, lock=True)
    if not is_stay(call, row):
        raise refuse("visit_is_no_stay", path=f"{path}.mdtrt_id", mdtrt_id=mdtrt_id)
    if row.state not in states:
        key = {OPEN: "stay_not_discharged", DISCHARGED: "stay_discharged", CLOSED: "stay_is_settled"}
        raise refuse(key.get(row.state, "visit_closed"), path=f"{path}.mdtrt_id", mdtrt_id=mdtrt_id)
    if not call.config.coverage.same_place(row.insured_area, call.insured_area):
        raise refuse("visit_other_area", path="insuplc_admdvs", wanted=row.insured_area, got=call.insured_area)
    return row


def _refuse_other_care(call: Call, med_type: str, path: str) -> None:
    kind = call.config.contract.edition.meaning("med_type", med_type)
    if kind is None or not CARE[care_of(kind)].stay:
        raise refuse("med_type_no_stay", path=path, med_type=med_type)


def _refuse_second_stay(call: Call, person_id: int, psn_no: str) -> None:
    """Raises Refusal for a person who is in hospital already, here or elsewhere *(ours)*."""
    for row in call.work.find(visit, person_id=person_id, state=OPEN, order="id"):
        if is_stay(call, row):
            raise refuse(
                "stay_open_already",
                path="mdtrtinfo.psn_no",
                psn_no=psn_no,
                institution=row.institution,
                since=from_wire(row.begin).date(),
            )


def _merged(known: list[Body], told: list[Body]) -> list[Body]:
    """Diagnoses by diag_srt_no, in the order in which their numbers were first told."""
    by_number = {str(each["diag_srt_no"]): each for each in known}
    by_number |= {str(each["diag_srt_no"]): _without(each, ("mdtrt_id",)) for each in told}
    return list(by_number.values())


def _without(body: Body, names: Iterable[str]) -> Body:
    return {name: value for name, value in body.items() if name not in names}

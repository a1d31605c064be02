"""Sources of declared queries about visits of the calling institution: visits, stays, diagnoses and charges."""

from collections.abc import Iterator, Mapping

from simulator.core.clock import from_wire
from simulator.core.json_codec import read_own
from simulator.insured.answers import person_fields
from simulator.insured.place import Body, known_person, wire_number
from simulator.store import people
from simulator.store.rows import VisitRow
from simulator.store.subjects import ChargeLine
from simulator.store.tables import settlement, visit
from simulator.transactions.charges import lines_settled_by
from simulator.transactions.registry import Call
from simulator.transactions.settlement import settlement_asked_for
from simulator.transactions.visits import OPEN, WITHDRAWN, live_batches, own_visit

Facts = Mapping[str, object]
"""Values of a row by wire field."""

INPATIENT = ("inpatient", "maternity_inpatient")
"""Meanings of med_type for a stay in hospital."""


def visits(call: Call, asked: Body) -> Iterator[Facts]:
    """Yields the visits of a person that were described and not withdrawn, oldest first."""
    known = known_person(call.asked(call.infno, {}), asked["psn_no"])
    for row in call.work.find(visit, person_id=known.id, institution=call.institution.code, order="id"):
        if row.state != WITHDRAWN and row.med_type:
            yield _visit(call, row, known)


def stays(call: Call, asked: Body) -> Iterator[Facts]:
    """Yields the open stays at the institution."""
    edition = call.config.contract.edition
    codes = dict.fromkeys(edition.code("med_type", word) for word in INPATIENT)
    code = call.institution.code
    for med_type in codes:
        for row in call.work.find(visit, institution=code, med_type=med_type, state=OPEN, order="id"):
            yield _visit(call, row, people.load_by_id(call.work, row.person_id))


def diagnoses(call: Call, asked: Body) -> Iterator[Facts]:
    """Yields the valid diagnoses of a visit, the main one first; none before 2203."""
    row = own_visit(call, asked["mdtrt_id"], asked["psn_no"], path="data")
    edition = call.config.contract.edition
    invalid = edition.code("vali_flag", "invalid")
    told = read_own(row.described)["diseinfo"] if row.described else []
    valid = sorted((each for each in told if each.get("vali_flag") != invalid), key=lambda each: each["diag_srt_no"])
    for index, each in enumerate(valid):
        yield {
            "diag_info_id": f"{asked['mdtrt_id']}{index + 1:03d}",
            "mdtrt_id": asked["mdtrt_id"],
            "psn_no": row.psn_no,
            **each,
            "maindiag_flag": edition.code("maindiag_flag", "no" if index else "yes"),
        }


def fee_lines(call: Call, asked: Body) -> Iterator[Facts]:
    """Yields the charges of a settlement, or of every live settlement of a visit where no settlement is named."""
    if asked.get("setl_id"):
        settled = [settlement_asked_for(call, asked)]
        row = own_visit(call, settled[0].mdtrt_id, settled[0].psn_no, path="data")
    else:
        row = own_visit(call, asked.get("mdtrt_id") or "", asked["psn_no"], path="data")
        numbers = [each.settlement_id for each in live_batches(call, row.id) if each.settlement_id is not None]
        settled = [call.work.get_required(settlement, id=number) for number in numbers]
    for each in settled:
        setl_id = asked.get("setl_id") or wire_number("", each.insured_area, each.id)
        for line in lines_settled_by(call, each):
            yield {**line, **_listed(call, line), "setl_id": setl_id, "med_type": row.med_type}


def _listed(call: Call, line: ChargeLine) -> Facts:
    """Returns catalogue fields of a charge at the treatment place; the name of an unlisted item is its code."""
    code = line["med_list_codg"]
    item = call.config.catalogues.of(call.treated_area).item(code, from_wire(line["fee_ocur_time"]).date())
    kind = item.kind if item else _kind_of_code(code)
    return {
        "hilist_code": code,
        "hilist_name": item.name[:100] if item else code,
        "list_type": call.config.contract.edition.code("list_type", kind),
        "medins_list_name": item.name[:100] if item else code,
        "spec": item.unit if item else "",
    }


def _kind_of_code(code: str) -> str:
    """Returns the kind of an unlisted item by its code: X or Z drug, T herbal pieces, C consumable, else service."""
    return {"X": "drug", "Z": "drug", "T": "herbal_pieces", "C": "consumable"}.get(code[:1], "service")


def _visit(call: Call, row: VisitRow, known: people.KnownPerson) -> Facts:
    """Returns the values of a visit by wire field; the time of its last charge is its endtime."""
    edition = call.config.contract.edition
    insurance = next((each for each in known.person.insurances if each.insutype == row.insutype), None)
    told = {**read_own(row.registered), **(read_own(row.described)["mdtrtinfo"] if row.described else {})}
    ends = [each.last_fee_at for each in live_batches(call, row.id)]
    remote = not call.config.coverage.same_place(row.area, row.insured_area)
    in_hospital = row.state == OPEN and edition.meaning("med_type", row.med_type) in INPATIENT
    return {
        **told,
        **person_fields(edition, known.person, insurance, row.begin),
        "insutype": row.insutype,
        "mdtrt_id": wire_number("", row.area, row.id),
        "chfpdr_name": told.get("dr_name"),
        "adm_dept_codg": told.get("dept_code"),
        "adm_dept_name": told.get("dept_name"),
        "insu_optins": row.insured_area,
        "emp_name": insurance.employer if insurance else "",
        "begntime": row.begin,
        "endtime": max([row.begin, *ends]),
        "med_type": row.med_type,
        "inhosp_stas": "1" if in_hospital else "0",
        "out_flag": edition.code("out_flag", "yes" if remote else "no"),
    }

"""Book of a hospital about its patients: visits, batches, answers; read by the templates.

Kept by the harness where it plays the hospital, and by the reference hospital for itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources
from typing import Any

from simulator.core.strict_yaml import parse_yaml
from simulator.core.texts import text
from simulator.harness.scenario.expressions import Fields, NotThere, as_number
from simulator.harness.templates import act_of

_CENT = Decimal("0.01")
_AWARDED = ("preview", "settle", "preview_stay", "settle_stay")
SCOPES = {
    "fulamt_ownpay_amt": "fulamt_ownpay_amt",
    "overlmt_selfpay": "overlmt_amt",
    "preselfpay_amt": "preselfpay_amt",
    "inscp_scp_amt": "inscp_scp_amt",
}
"""The four amounts of 2207 and the names they have in 2204's result."""


BATCH_FACTS = ("number", "lines", "acct_used_flag", "scopes", "setl_id", "total")
"""Facts of a batch that a template may name."""
BEGINS_VISIT = ("register", "admit")
"""Acts that begin a visit."""
CHARGES = ("charge", "charge_stay")
"""Acts that upload charges."""


@dataclass(slots=True)
class Batch:
    """Charges that are settled together, and how far they have come."""

    number: str
    """chrg_bchno."""
    lines: list[dict[str, Any]] = field(default_factory=list)
    acct_used_flag: str = "1"
    scopes: dict[str, str] = field(default_factory=dict)
    setl_id: str = ""
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Classification of each charge by its feedetl_sn, as the upload was answered."""

    @property
    def total(self) -> Decimal:
        return sum((_number(line.get("det_item_fee_sumamt")) for line in self.lines), Decimal(0))


@dataclass(slots=True)
class VisitRecord:
    """Record of a visit in the hospital's own books."""

    number: str
    """ipt_otp_no."""
    insutype: str = ""
    begins: str = ""
    mdtrt_id: str = ""
    med_type: str = ""
    disease: str = ""
    disease_name: str = ""
    batches: dict[str, Batch] = field(default_factory=dict)
    latest: str = ""
    reference: str = ""
    """Name of the visit in the harness, whatever number the hospital gives it."""

    def batch(self, name: str = "") -> Batch | None:
        """The batch of that name, or the latest one."""
        return self.batches.get(name or self.latest)

    def unsettled(self) -> Batch | None:
        """The charges of a stay that its next settlement takes in, as one batch; None where there are none."""
        open_batches = [each for each in self.batches.values() if not each.setl_id]
        if not open_batches:
            return None
        sums = {
            name: str(sum((_number(each.scopes.get(name)) for each in open_batches), Decimal(0))) for name in SCOPES
        }
        lines = [line for each in open_batches for line in each.lines]
        return Batch("", lines, open_batches[-1].acct_used_flag, sums)

    def open_batch(self, name: str, lines: list[dict[str, Any]]) -> Batch:
        """A batch for new charges, with a number that no other batch of the hospital has."""
        serial = len(self.batches) + 1
        key = name or f"B{serial}"
        self.batches[key] = Batch(f"{self.number}-{serial}", numbered(lines, self))
        self.latest = key
        return self.batches[key]

    def drop(self, batch: Batch) -> None:
        """Forgets a batch whose charges were refused."""
        self.batches = {name: each for name, each in self.batches.items() if each is not batch}
        self.latest = next(reversed(self.batches), "")


def numbered(lines: list[dict[str, Any]], visit: VisitRecord) -> list[dict[str, Any]]:
    """Charges with a number unique in the visit and, where none is given, quantity × price to the fen."""
    taken = {str(line["feedetl_sn"]) for batch in visit.batches.values() for line in batch.lines}
    serial, rows = 0, []
    for line in lines:
        row = dict(line)
        while "feedetl_sn" not in row:
            serial += 1
            if str(serial) not in taken:
                row["feedetl_sn"] = str(serial)
        if "det_item_fee_sumamt" not in row:
            row["det_item_fee_sumamt"] = _product(row.get("cnt"), row.get("pric"))
        rows.append(row)
    return rows


@cache
def practice() -> Mapping[str, Any]:
    """Operator, doctor, department and diagnoses of every hospital here."""
    raw = resources.files("simulator.harness.execution").joinpath("practice.yaml").read_bytes()
    data: Mapping[str, Any] = parse_yaml(raw, "practice.yaml").data
    return data


def voucher(person: Mapping[str, Any], shown: str = "certificate") -> dict[str, str]:
    """Voucher that a person shows: `certificate` (02), `token` (01) or `card` (03)."""
    if shown == "token":
        return {"type": "01", "no": person["credential_token"], "card_sn": ""}
    if shown == "card":
        return {"type": "03", "no": person["card_no"], "card_sn": person["card_sn"]}
    return {"type": "02", "no": person["certno"], "card_sn": ""}


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """Facts that a message may need, by the first names of the templates."""

    person: Mapping[str, Any]
    place: Mapping[str, Any]
    visit: VisitRecord | None
    batch: Batch | None
    now: str
    voucher: Mapping[str, str]
    more: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, name: str) -> Any:
        """The value behind a first name; raises NotThere."""
        found = self._values().get(name)
        if found is None:
            raise NotThere(text("harness.unknown_name", name=name, hint="", known="-"))
        return found

    def _values(self) -> dict[str, Any]:
        about = practice()
        visit, batch = self.visit, self.batch
        disease = visit.disease if visit else ""
        return {
            "person": self.person,
            "place": self.place,
            "voucher": self.voucher,
            "insutype": (visit.insutype if visit else "") or self.person.get("insutype"),
            "visit": _shown(visit, ("number", "mdtrt_id", "med_type", "disease", "disease_name", "begins")),
            "batch": _shown(batch, BATCH_FACTS),
            "interval": _shown(visit.unsettled() if visit else None, BATCH_FACTS),
            "now": self.now,
            "today": self.now[:10],
            "operator": about["operator"],
            "doctor": about["doctor"],
            "department": about["department"],
            "diagnosis": about["diagnoses"].get(disease[:4], about["diagnosis"]),
            **self.more,
        }


def _shown(record: Any, names: tuple[str, ...]) -> dict[str, Any] | None:
    if record is None:
        return None
    # "" is what nobody has said yet; the two disease fields may be blank on purpose.
    values = {name: getattr(record, name) for name in names}
    return {name: value for name, value in values.items() if value not in ("", None) or name.startswith("disease")}


def learn_from_request(infno: str, body: object, visit: VisitRecord, batch: Batch | None) -> None:
    """Takes from a request whatever holds for the later messages of the visit."""
    said = Fields(body if isinstance(body, Mapping) else {})
    for name in ("med_type", "insutype"):
        if isinstance(said.get(name), str):
            setattr(visit, name, said[name])
    if act_of(infno) in ("describe", "ask_entitlement"):
        visit.disease = said.get("dise_codg") or ""
        visit.disease_name = said.get("dise_name") or visit.disease
    if act_of(infno) in (*BEGINS_VISIT, "describe", "change_admission") and isinstance(said.get("begntime"), str):
        visit.begins = said["begntime"]
    if batch is not None and act_of(infno) in _AWARDED and said.get("acct_used_flag"):
        batch.acct_used_flag = said["acct_used_flag"]
    if act_of(infno) == "withdraw_stay_charges":
        _forget_withdrawn(body, visit)


def _forget_withdrawn(body: object, visit: VisitRecord) -> None:
    """Takes the charges that a 2302 names out of the unsettled batches of a stay; 0000 names them all."""
    rows = body.get("data") if isinstance(body, Mapping) else None
    named = {row.get("feedetl_sn") for row in rows or [] if isinstance(row, Mapping)}
    for batch in visit.batches.values():
        if batch.setl_id:
            continue
        left = [] if "0000" in named else [line for line in batch.lines if str(line["feedetl_sn"]) not in named]
        batch.parts = {serial: parts for serial, parts in batch.parts.items() if serial in _serials(left)}
        batch.lines, batch.scopes = left, _sums(batch.parts.values())


def _serials(lines: list[dict[str, Any]]) -> set[str]:
    return {str(line["feedetl_sn"]) for line in lines}


def _sums(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    listed = list(rows)
    return {name: str(sum((_number(row.get(of)) for row in listed), Decimal(0))) for name, of in SCOPES.items()}


def learn_from_answer(infno: str, output: object, visit: VisitRecord | None, batch: Batch | None) -> None:
    """Takes from an accepted answer the numbers given and the amounts of a classification or an award."""
    said, act = Fields(output if isinstance(output, Mapping) else {}), act_of(infno)
    if visit is not None and act in BEGINS_VISIT:
        visit.mdtrt_id = str(said.get("mdtrt_id") or "")
    if batch is None:
        return
    if act in CHARGES:
        listed = said.get("result")
        rows = [row for row in listed if isinstance(row, Mapping)] if isinstance(listed, list) else []
        batch.scopes = _sums(rows)
        batch.parts = {str(row.get("feedetl_sn")): {of: row.get(of) for of in SCOPES.values()} for row in rows}
    if act == "preview":
        batch.scopes |= {name: str(said[name]) for name in SCOPES if name in said}
    if act == "settle":
        batch.setl_id = str(said.get("setl_id") or "")
    if visit is not None and act == "settle_stay":
        for each in visit.batches.values():
            each.setl_id = each.setl_id or str(said.get("setl_id") or "")
    if visit is not None and act == "cancel_stay":
        cancelled = str(said.get("setl_id") or batch.setl_id)
        for each in visit.batches.values():
            each.setl_id = "" if each.setl_id == cancelled else each.setl_id


def _product(count: Any, price: Any) -> str:
    """Quantity × price to the fen; 0.00 where a charge is spoilt on purpose beyond calculating."""
    try:
        return str((_number(count) * _number(price)).quantize(_CENT, ROUND_HALF_UP))
    except ArithmeticError:
        return "0.00"


def _number(value: Any) -> Decimal:
    """The amount in a charge, also as `{text: …}` has it sent; 0 for what is none, which is sent as it stands."""
    inner = next(iter(value.values())) if isinstance(value, Mapping) and len(value) == 1 else value
    return as_number(inner) or Decimal(0)

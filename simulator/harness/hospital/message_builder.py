"""Builder of messages: from an act on the board, with the facts and the spelling of the hospital."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.harness.environment.envelope_codec import envelope, msgid, read_json, write_json
from simulator.harness.execution.journey import (
    CHARGES,
    Batch,
    TemplateFacts,
    VisitRecord,
    learn_from_answer,
    learn_from_request,
    practice,
    voucher,
)
from simulator.harness.hospital.logbook import Logbook, Message, given
from simulator.harness.scenario.expressions import Fields
from simulator.harness.templates import fill, number_of, override


@dataclass(slots=True)
class Order:
    """Act to be performed: the board's words, and the visit and batch in the hospital's own book."""

    act: Mapping[str, Any]
    place: Mapping[str, Any]
    task: str
    step: int
    visit: VisitRecord
    batch: Batch | None

    @property
    def infno(self) -> str:
        return str(self.act["infno"])

    @property
    def name(self) -> str:
        return str(self.act["act"])

    @property
    def reference(self) -> str:
        """Name of the visit on the board."""
        return str(self.act["visit"]["reference"])


def order_of(book: Logbook, act: Mapping[str, Any], place: Mapping[str, Any], task: str, step: int) -> Order:
    """An act joined with what the book holds of its visit; charges open a batch."""
    said = act["visit"]
    visit = book.visit(said["reference"]) or VisitRecord(f"OP-{said['reference']}")
    for name in ("med_type", "disease", "disease_name"):
        if said.get(name):
            setattr(visit, name, said[name])
    asked = act.get("batch") or {}
    if act["act"] in CHARGES:
        batch: Batch | None = visit.open_batch(asked["reference"], asked["lines"])
    else:
        batch = visit.batch(asked.get("reference", "")) or visit.batch()
    return Order(act, place, task, step, visit, batch)


def write_message(book: Logbook, order: Order) -> Message:
    """A new message for an order, with a number of its own; not sent yet."""
    person = {**order.act["person"], **(book.fact(f"insurance {order.act['person'].get('psn_no')}") or {})}
    body = fill(order.infno, _facts(book, order, person))
    override(body, order.act.get("fields") or {})
    return _written(book, order, person, order.infno, order.name, body)


def write_reversal(book: Logbook, lost: Message, now: str, place: Mapping[str, Any]) -> tuple[str, bytes]:
    """Builds a 2601 for a message whose outcome is unknown: its own number and its bytes."""
    body = {"data": {"psn_no": lost.psn_no, "omsgid": lost.msgid, "oinfno": lost.infno}}
    number = msgid(lost.place, now, book.next_serial())
    return number, write_json(envelope(_head(book, number_of("reverse"), number, place, lost.insured_area, now), body))


def learn(book: Logbook, order: Order, message: Message, answer: Mapping[str, Any]) -> None:
    """Books the facts of an accepted message on the visit and in the book."""
    told = answer.get("output")
    output: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    learn_from_request(order.infno, read_json(message.raw)["input"], order.visit, order.batch)
    learn_from_answer(order.infno, output, order.visit, order.batch)
    rows = output.get("insuinfo")
    row = rows[0] if isinstance(rows, list) and rows else None
    said = Fields(output)
    if order.name == "identify" and isinstance(row, Mapping):
        insurance = {
            "insutype": row.get("insutype"),
            "psn_type": row.get("psn_type"),
            "insured_at": row.get("insuplc_admdvs"),
        }
        book.remember(f"insurance {said.get('psn_no')}", given(insurance, *insurance))
    if order.name == "sign_in" and said.get("sign_no"):
        book.remember(f"sign_no {order.place['code']}", said["sign_no"])
    if "trt_dcla_detl_sn" in said:
        grant = {"trt_dcla_detl_sn": said["trt_dcla_detl_sn"]}
        book.remember(f"grant {order.act['person']['psn_no']}", grant)


def _facts(book: Logbook, order: Order, person: Mapping[str, Any]) -> TemplateFacts:
    sign_no = book.fact(f"sign_no {order.place['code']}")
    more: dict[str, Any] = {"sign_no": sign_no} if sign_no else {}
    grant = book.fact(f"grant {person.get('psn_no')}")
    if grant:
        more["grant"] = grant
    if "destination" in order.act:
        more["destination"] = order.act["destination"]
    shown = voucher(person, order.act.get("shows", "certificate"))
    return TemplateFacts(person, order.place, order.visit, order.batch, order.act["now"], shown, more)


def _written(
    book: Logbook, order: Order, person: Mapping[str, Any], infno: str, act: str, body: Mapping[str, Any]
) -> Message:
    now, code = order.act["now"], str(order.place["code"])
    number = msgid(code, now, book.next_serial())
    insured_area = str(person.get("insured_at") or order.place["area"])
    raw = write_json(envelope(_head(book, infno, number, order.place, insured_area, now), body))
    psn_no = str(person.get("psn_no") or "")
    return Message(number, infno, act, order.task, order.step, psn_no, code, insured_area, raw)


def _head(
    book: Logbook, infno: str, number: str, place: Mapping[str, Any], insured_area: str, now: str
) -> dict[str, Any]:
    about = practice()
    return {
        **about["header"],
        "infno": infno,
        "msgid": number,
        "mdtrtarea_admvs": place["area"],
        "insuplc_admdvs": insured_area,
        "opter": about["operator"]["code"],
        "opter_name": about["operator"]["name"],
        "inf_time": now,
        "fixmedins_code": place["code"],
        "fixmedins_name": place["name"],
        "sign_no": book.fact(f"sign_no {place['code']}") or "",
    }

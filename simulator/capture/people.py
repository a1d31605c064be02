"""Roles in place of the people of a recording: facts of the trade, no identity."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from simulator.capture.exchanges import RecordedExchange
from simulator.core.texts import Text, text
from simulator.harness.scenario.expressions import Fields, as_number
from simulator.harness.templates import act_of, value_of

KEPT = (
    *("insured_at", "insutype", "category", "civil_servant", "status", "insured_from", "insured_to"),
    *("suspended_from", "sex", "insurances", "identities", "registrations", "filings", "accumulators"),
)
"""Facts of a person that a role takes over; the account and the age follow from the recording."""
_OF_ROWS = ("id", "name", "active", "withdrawn")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_GRANT = "trt_dcla_detl_sn"
_GRANTS = (
    ("registrations", "register_disease", "withdraw_registration"),
    ("filings", "file_referral", "withdraw_referral"),
)
_WIRE = (
    *("psn_no", "psn_name", "certno", "psn_cert_type", "psn_type", "insutype"),
    *("card_no", "card_sn", "credential_token"),
)


@dataclass(slots=True)
class Captured:
    """A person of a recording: the role, and the values that its messages show."""

    role: str
    facts: dict[str, Any]
    """The role as a scenario has it."""
    wire: dict[str, Any]
    """Identity as the messages write it; never written to a file."""
    assumed: list[Text] = field(default_factory=list)

    def shows(self, value: object) -> bool:
        """True for a value that points at this person."""
        named = [self.wire.get(name) for name in ("psn_no", "certno", "card_no", "credential_token")]
        return value not in ("", None) and value in named


def captured_people(exchanges: Sequence[RecordedExchange], known: Iterable[Mapping[str, Any]]) -> list[Captured]:
    """People whom the messages name, in the order of their coming; `known` are exported people."""
    listed = list(known)
    found: dict[str, Captured] = {}
    for each in exchanges:
        number = _psn_no(each)
        if not number or number in found:
            continue
        role = "patient" if not found else f"patient{len(found) + 1}"
        person = next((one for one in listed if one.get("psn_no") == number), None)
        own = [one for one in exchanges if _psn_no(one) == number or _names_cert_of(one, each)]
        found[number] = _known(role, person, own) if person is not None else _inferred(role, number, own)
    return list(found.values())


def _psn_no(each: RecordedExchange) -> str:
    """The platform's number of the person whom a message is about."""
    asked = value_of(each.request.get("input"), "psn_no")
    answered = value_of((each.answer or {}).get("output"), "psn_no")
    return str(asked or answered or "")


def _names_cert_of(one: RecordedExchange, other: RecordedExchange) -> bool:
    certno = value_of(one.request.get("input"), "certno")
    return bool(certno) and certno == value_of(other.request.get("input"), "certno")


def _known(role: str, person: Mapping[str, Any], own: Sequence[RecordedExchange]) -> Captured:
    facts = {name: person[name] for name in KEPT if person.get(name) not in (None, "", [], False)}
    for name, begins, ends in _GRANTS:
        made, ended = _made_and_ended(own, begins, ends)
        rows = []
        for row in facts.pop(name, []):
            number = str(row.get("id") or "-")
            if not any(each.endswith(number) for each in made):
                dropped = (*_OF_ROWS, "to") if any(each.endswith(number) for each in ended) else _OF_ROWS
                rows.append({key: value for key, value in row.items() if key not in dropped and value != ""})
        if rows:
            facts[name] = rows
    if facts.get("insutype") == ("310" if facts["category"] in ("employed", "retired") else "390"):
        del facts["insutype"]
    if facts.get("status") == "normal":
        del facts["status"]
    if person.get("birth") and moment_of(own[0]):
        facts["age"] = _age(str(person["birth"]), own[0])
    balance = _balance(own) or str(person.get("account_balance") or "0")
    if as_number(balance):
        facts["account_balance"] = balance
    wire = {"psn_cert_type": "01", **{name: person[name] for name in _WIRE if person.get(name)}}
    wire["insured_at"] = person["insured_at"]
    return Captured(role, facts, wire)


def _made_and_ended(own: Sequence[RecordedExchange], begins: str, ends: str) -> tuple[set[str], set[str]]:
    """Numbers of grants that messages of the recording made, and of earlier ones that they withdrew."""
    accepted = [each for each in own if each.accepted]
    made = {str(value_of(_output(each), _GRANT)) for each in accepted if act_of(each.infno) == begins}
    ended = {str(value_of(each.request.get("input"), _GRANT)) for each in accepted if act_of(each.infno) == ends}
    return made, ended - made


def _balance(own: Sequence[RecordedExchange]) -> str:
    """The account before the first settlement; blank where no message shows it."""
    for each in own:
        output = Fields(_output(each))
        if each.accepted and act_of(each.infno) == "identify":
            rows = output.get("insuinfo")
            amounts = [row.get("balc") for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
            found = [as_number(amount) for amount in amounts]
            if any(found):
                return str(max(amount for amount in found if amount is not None))
        if each.accepted and act_of(each.infno) == "settle":
            left, paid = as_number(output.get("balc")), as_number(output.get("acct_pay"))
            return str((left or Decimal(0)) + (paid or Decimal(0))) if left is not None else ""
    return ""


def _output(each: RecordedExchange) -> Mapping[str, Any]:
    output = (each.answer or {}).get("output")
    return output if isinstance(output, Mapping) else {}


def _age(birth: str, first: RecordedExchange) -> int:
    """Completed years on the day of the first message."""
    born, day = date.fromisoformat(birth), date.fromisoformat(moment_of(first)[:10])
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def moment_of(each: RecordedExchange) -> str:
    """Time of an exchange as 2025-03-10T09:00:00: of the platform's clock, else as the message says; blank for none."""
    said = each.at or str(each.request.get("inf_time") or "").replace(" ", "T")[:19]
    return said if _is_time(said) else ""


def _is_time(written: str) -> bool:
    try:
        return bool(_TIME.fullmatch(written)) and datetime.fromisoformat(written).year > 0
    except ValueError:
        return False


def _inferred(role: str, number: str, own: Sequence[RecordedExchange]) -> Captured:
    """A person of whom only the messages tell; facts that no message shows are assumed and said."""
    told = [_output(each) for each in own if each.accepted]
    base: Mapping[str, Any] = next((each["baseinfo"] for each in told if isinstance(each.get("baseinfo"), Mapping)), {})
    insurance = _insurance(told)
    area = str(insurance.get("insuplc_admdvs") or own[0].request.get("insuplc_admdvs") or "")
    employees = insurance.get("insutype", "310") == "310"
    retired = str(insurance.get("psn_type") or "").startswith("12")
    category = ("retired" if retired else "employed") if employees else "resident"
    facts: dict[str, Any] = {"insured_at": area, "category": category}
    assumed = [text("capture.assumed_category", role=role, category=category)]
    if str(insurance.get("cvlserv_flag")) == "1":
        facts["civil_servant"] = True
    if as_number(base.get("age")) is not None:
        facts["age"] = int(str(base["age"]))
    if as_number(balance := _balance(own)):
        facts["account_balance"] = balance
    day = f"{moment_of(own[0])[:4] or date.min.year}-01-01"
    diseases = {str(value_of(each.request.get("input"), "dise_codg") or "") for each in own if each.accepted}
    classes = sorted({f"{each[:4]}00" for each in diseases if each[:1] == "M"})
    if classes:
        facts["registrations"] = [{"disease": each, "from": day} for each in classes]
        assumed.append(text("capture.assumed_registrations", role=role, diseases=", ".join(classes)))
    places = sorted({str(each.request.get("mdtrtarea_admvs") or "") for each in own if each.accepted} - {""})
    away = [each for each in places if each[:4] != area[:4]]
    if away:
        group = "resettled_retiree" if category == "retired" else "long_term_resident"
        facts["filings"] = [{"place": each, "group": group, "from": day, "channel": "app"} for each in away]
        assumed.append(text("capture.assumed_filings", role=role, group=group, places=", ".join(away)))
    wire = {name: _first(own, name) for name in _WIRE} | {"psn_no": number, "insured_at": area}
    return Captured(role, facts, {name: value for name, value in wire.items() if value}, assumed)


def _insurance(told: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    rows = [row for each in told if isinstance(each.get("insuinfo"), list) for row in each["insuinfo"]]
    return next((row for row in rows if isinstance(row, Mapping)), {})


def _first(own: Sequence[RecordedExchange], name: str) -> Any:
    return next((found for each in own if (found := value_of(each.request.get("input"), name))), None)

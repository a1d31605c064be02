"""A conversation with an agency of 七台河 that comes to everything which an agency can get wrong.

Its messages are variations of those that the protocol's reference page prints.
"""

import copy
import itertools
import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulator.core.json_codec import read_json, write_json

PAGE = Path(__file__).parents[2] / "docs" / "agency-protocol-reference.md"
CITY, OTHER_CITY = "110000", "310000"
Json = dict[str, Any]


def _blocks() -> list[Json]:
    found = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [json.loads(each, parse_float=Decimal) for each in found]


BLOCKS = _blocks()


def _people() -> Json:
    """The printed person, a civil servant whose grants end on 10 March, and others who differ in one thing."""
    export = copy.deepcopy(next(each for each in BLOCKS if "people" in each))
    printed = export["people"][0]
    ending = {"registrations": [printed["registrations"][0] | {"to": "2025-03-10"}]}
    ending["filings"] = [printed["filings"][0] | {"to": "2025-03-10"}]
    ending["civil_servant"] = True
    others = (
        ending,
        {"status": "suspended"},
        {"status": "ended"},
        {"registrations": []},
        {"registrations": [printed["registrations"][0] | {"to": "2025-03-09"}]},
        {"filings": [printed["filings"][0] | {"to": "2025-03-09"}]},
        {"filings": [printed["filings"][0] | {"from": "2025-03-10"}]},
        {"filings": [printed["filings"][0] | {"place": "110105"}]},
        {"filings": [printed["filings"][0] | {"place": "120000"}]},
        {"filings": [printed["filings"][0] | {"place": "330100"}]},
        {"filings": []},
        {"identities": [{"kind": "subsistence_allowance", "from": "2024-01-01", "to": "2024-12-31"}]},
    )
    export["people"] += [_like(printed, number, more) for number, more in enumerate(others, 1)]
    return export


def _like(printed: Json, number: int, more: Json) -> Json:
    """Another person, whose papers differ from the printed person's in their last digits."""
    person = copy.deepcopy(printed) | {"psn_no": f"{printed['psn_no'][:-2]}{number:02d}"} | copy.deepcopy(more)
    person |= {name: f"{printed[name][:-2]}{number:02d}" for name in ("card_no", "card_sn", "credential_token")}
    person["certno"] = _certificate(printed["certno"], number)
    for rows in (person["registrations"], person["filings"]):
        for row in rows:
            row.pop("id", None)
    return person


def _certificate(printed: str, number: int) -> str:
    """A certificate number of the same sex and birthday with another order number and its check digit."""
    body = f"{printed[:14]}{200 + 2 * number:03d}"
    weights = [pow(2, 17 - place, 11) for place in range(17)]
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]


PEOPLE = _people()


class Conversation:
    """The platform's side of it; every answer is kept, until one is not as expected."""

    def __init__(self, deliver: Callable[[bytes], bytes], expected: Sequence[Json]) -> None:
        self._deliver = deliver
        self._expected = expected
        self._serial = itertools.count(1)
        self.answers: list[Json] = []

    def ask(self, infno: str, person: Json, *, msgid: str = "", head: Json | None = None, **data: Any) -> Json:
        """Sends the printed message of a transaction for a person, with other fields in its first node."""
        message = copy.deepcopy(next(each for each in BLOCKS if each.get("infno") == infno))
        message |= {"msgid": msgid or self.msgid()} | (head or {})
        node = next(iter(message["input"].values()))
        node |= {name: person[name] for name in ("psn_no", "certno", "psn_name") if name in node} | data
        if node.get("mdtrt_cert_no"):
            node["mdtrt_cert_no"] = data.get("mdtrt_cert_no", person["certno"])
        return self.send(message)

    def bill(self, person: Json, visit: str, *, infno: str = "2207A", at: str = "", **more: Any) -> Json:
        """The printed settlement, or its preview, of another person and visit."""
        message = copy.deepcopy(next(each for each in BLOCKS if each.get("infno") == infno))
        message["msgid"] = more.pop("msgid", "") or self.msgid()
        message |= {"inf_time": at} if at else {}
        content, disease, area = message["input"], more.pop("disease", "M07803"), more.pop("area", "")
        began = more.pop("began", "") or at
        data = content["data"]
        data |= {name: person[name] for name in ("psn_no", "certno", "psn_name")} | {"mdtrt_cert_no": person["certno"]}
        data |= {"mdtrt_id": visit} | more
        content["mdtrtinfo"] |= {"psn_no": person["psn_no"], "mdtrt_id": visit, "dise_codg": disease}
        content["mdtrtinfo"] |= {"begntime": began} if began else {}
        for row in content["feedetail"]:
            row |= {"psn_no": person["psn_no"], "mdtrt_id": visit, "dise_codg": disease}
        if area:
            message["mdtrtarea_admvs"] = content["medinsinfo"]["admdvs"] = area
        return self.send(message)

    def books(self, person: Json) -> None:
        """Asks for the balances of both years and for the account."""
        for month in ("202503", "202403"):
            self.ask("5206", person, cum_ym=month)
        self.ask("1101", person)

    def send(self, message: Json) -> Json:
        answer = read_json(self._deliver(write_json(message)))
        # Numbers of an answer's own, which two agencies never share.
        self.answers.append({name: value for name, value in answer.items() if name != "inf_refmsgid"})
        self.answers[-1]["has_reference"] = "inf_refmsgid" in answer
        if self._expected and self.answers[-1] != self._expected[len(self.answers) - 1]:
            raise OtherAnswer
        return {"msgid": message["msgid"], "message": message, **answer}

    def msgid(self) -> str:
        return f"SIM90000000120250310090000{next(self._serial):04d}"


def settled_number(answer: Json) -> str:
    return str((answer.get("output") or {}).get("setlinfo", {}).get("setl_id", ""))


class OtherAnswer(Exception):
    """An answer is not as expected; what follows depends on it."""


def talk(deliver: Callable[[bytes], bytes], expected: Sequence[Json] = ()) -> list[Json]:
    """Every answer of an agency in the course of the conversation; raises OtherAnswer at the first not expected."""
    said = Conversation(deliver, expected)
    anna, ending, *others = PEOPLE["people"]
    _entitlement(said, anna, ending, others)
    _settlements(said, anna)
    _repeated(said, others[-1])
    _reversed(said, ending)
    _grants(said, anna)
    return said.answers


def _entitlement(said: Conversation, anna: Json, ending: Json, others: list[Json]) -> None:
    for person in (anna, ending, *others):
        said.ask("1101", person)
        said.ask("2001", person)
        said.ask("5301", person)
        said.bill(person, f"E{person['psn_no']}", infno="2206A")
    said.ask("1101", anna, mdtrt_cert_type="03", mdtrt_cert_no=anna["card_no"], card_sn="0")
    said.ask("1101", anna, certno=ending["certno"], psn_name="无名氏")
    said.bill(ending, "late", infno="2206A", at="2025-03-11 09:00:00", began="2025-03-10 09:00:00")
    said.bill(anna, "new year", infno="2206A", at="2025-01-01 03:00:00")
    said.bill(anna, "class", infno="2206A", disease="M07800")
    for person in others:
        said.bill(person, "province", infno="2206A", area="330200")


def _settlements(said: Conversation, anna: Json) -> None:
    said.books(anna)
    first = said.bill(anna, "V1")
    said.books(anna)
    second = said.bill(anna, "V2", acct_used_flag="0")
    said.bill(anna, "V3", infno="2206A")
    said.books(anna)
    cancelled = said.ask("2208", anna, setl_id=settled_number(first), mdtrt_id="V1")
    said.books(anna)
    said.ask("2208", anna, setl_id=settled_number(first), mdtrt_id="V1")
    said.ask("2601", anna, omsgid=cancelled["msgid"], oinfno="2208")
    said.books(anna)
    said.ask("2208", anna, setl_id=settled_number(second), mdtrt_id="another", head={"inf_time": "2026-01-02 09:00:00"})
    said.ask("2208", anna, setl_id=settled_number(second), mdtrt_id="V2", head={"inf_time": "2026-01-02 09:00:00"})
    said.books(anna)
    rows = {"msgid": first["msgid"], "setl_id": settled_number(first), "refd_setl_flag": "0"}
    for day in ("2025-03-10", "2025-03-11"):
        message = copy.deepcopy(next(each for each in BLOCKS if each.get("infno") == "SIM-DAY"))
        message["input"] = {"data": {"day": day}, "rows": [message["input"]["rows"][0] | rows]}
        said.send(message | {"msgid": said.msgid()})


def _repeated(said: Conversation, person: Json) -> None:
    """Messages under a msgid that is spent, and a batch that is settled."""
    first = said.bill(person, "V5")
    said.send(first["message"])
    other = copy.deepcopy(first["message"])
    other["input"]["data"]["invono"] = "9"
    said.send(other)
    said.bill(person, "V5")
    said.books(person)


def _reversed(said: Conversation, person: Json) -> None:
    said.books(person)
    first = said.bill(person, "V6")
    said.ask("2601", person, omsgid=first["msgid"], oinfno="2206A")
    said.ask("2601", person | {"psn_no": "23090000000000000000"}, omsgid=first["msgid"], oinfno="2207A")
    for _ in range(2):
        said.ask("2601", person, omsgid=first["msgid"], oinfno="2207A")
        said.books(person)
    said.send(first["message"])
    late = said.msgid()
    said.ask("2601", person, omsgid=late, oinfno="2207A")
    said.bill(person, "V7", msgid=late)
    cancelled = said.bill(person, "V8")
    said.ask("2208", person, setl_id=settled_number(cancelled), mdtrt_id="V8")
    said.ask("2601", person, omsgid=cancelled["msgid"], oinfno="2207A")
    said.books(person)


def _grants(said: Conversation, anna: Json) -> None:
    registered = said.ask("2503", anna)
    said.ask("5301", anna)
    said.ask("2504", anna, trt_dcla_detl_sn=registered["output"]["result"]["trt_dcla_detl_sn"])
    said.ask("5301", anna)
    referred = said.ask("2501", anna)
    said.bill(anna, "V9", infno="2206A", area="330100")
    said.ask("2502", anna, trt_dcla_detl_sn=referred["output"]["result"]["trt_dcla_detl_sn"])
    said.bill(anna, "V9", infno="2206A", area="330100", at="2025-03-11 09:00:00")
    said.ask("SIM-FILING", anna)
    said.bill(anna, "V10", infno="2206A", area=OTHER_CITY)

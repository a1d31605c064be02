"""The messages and people that the protocol page prints, and a caller that sends variations of them to an agency."""

import copy
import itertools
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from tests.second_agency.wire import decode, encode

PAGE = Path(__file__).parents[2] / "docs" / "agency-protocol-reference.md"
_OPENER = build_opener(ProxyHandler({}))


def blocks() -> list[dict[str, Any]]:
    """Every JSON block of the page, in order."""
    found = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [json.loads(each, parse_float=Decimal) for each in found]


def people() -> dict[str, Any]:
    return next(each for each in blocks() if "people" in each)


def conversation() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Requests with the answers printed under them."""
    messages = [each for each in blocks() if "people" not in each]
    yield from zip(messages[::2], messages[1::2], strict=True)


def request(infno: str) -> dict[str, Any]:
    """The first request of a transaction on the page."""
    return next(copy.deepcopy(asked) for asked, _ in conversation() if asked["infno"] == infno)


class Caller:
    """A platform that sends whatever it is told to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.psn_no: str = people()["people"][0]["psn_no"]
        self._serial = itertools.count(100)
        self.run = "SIM900000001"

    def msgid(self) -> str:
        return f"{self.run}20250310090000{next(self._serial):04d}"

    def send(self, message: dict[str, Any]) -> dict[str, Any]:
        body = encode(message).encode()
        asked = Request(self.url, data=body, headers={"Content-Type": "application/json; charset=utf-8"})
        with _OPENER.open(asked, timeout=30) as answer:
            return decode(answer.read())

    def ask(self, infno: str, content: dict[str, Any], msgid: str = "", **head: str) -> dict[str, Any]:
        message = request("5206") | {"infno": infno, "msgid": msgid or self.msgid(), "input": content}
        return self.send(message | head)

    def bill(self, visit: str, *, disease: str = "M07803", infno: str = "2207A") -> dict[str, Any]:
        """The page's settlement for another visit, with a msgid of its own."""
        message = request("2207A") | {"infno": infno, "msgid": self.msgid()}
        content = message["input"]
        for node in (content["data"], content["mdtrtinfo"], *content["feedetail"]):
            node["mdtrt_id"] = visit
        for node in (content["mdtrtinfo"], *content["feedetail"]):
            node["dise_codg"] = disease
        return message

    def cancel(self, settled: dict[str, Any], msgid: str = "") -> dict[str, Any]:
        info = settled["output"]["setlinfo"]
        data = {name: info[name] for name in ("psn_no", "setl_id", "mdtrt_id")}
        return self.ask("2208", {"data": data}, msgid)

    def reverse(self, omsgid: str, oinfno: str, psn_no: str = "", msgid: str = "") -> dict[str, Any]:
        data = {"psn_no": psn_no or self.psn_no, "omsgid": omsgid, "oinfno": oinfno}
        return self.ask("2601", {"data": data}, msgid)

    def books(self) -> tuple[Any, ...]:
        """The balances of the year and of the account."""
        accrued = self.ask("5206", {"data": {"psn_no": self.psn_no, "cum_ym": "202503"}})["output"]["cuminfo"]
        known = self.send(request("1101") | {"msgid": self.msgid()})["output"]
        rows = sorted((row["cum_type_code"], Decimal(row["cum"])) for row in accrued if row["cum"])
        return known["insuinfo"][0]["balc"], *rows

    def day(self, rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
        """SIM-DAY: type, flag and field of each difference."""
        answer = self.ask("SIM-DAY", {"data": {"day": "2025-03-10"}, "rows": rows})
        found = answer["output"]["differences"]
        return sorted((each["type"], each["refd_setl_flag"], each.get("field") or "") for each in found)

    def row(self, settled: dict[str, Any], msgid: str) -> dict[str, Any]:
        """A settlement or cancellation as a row of a day."""
        info = settled["output"]["setlinfo"]
        names = ("setl_id", "setl_time", "medfee_sumamt", "fund_pay_sumamt", "acct_pay")
        flag = "1" if info["medfee_sumamt"] < 0 else "0"
        return {name: info[name] for name in names} | {
            "msgid": msgid,
            "psn_no": self.psn_no,
            "refd_setl_flag": flag,
        }

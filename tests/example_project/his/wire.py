"""One message to the platform and its answer."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import requests


class Rejected(Exception):
    """The platform answered -1; the text is its err_msg."""


class AnswerLost(Exception):
    """No usable answer came: nobody knows whether the message took effect."""

    def __init__(self, infno: str, msgid: str) -> None:
        super().__init__(f"{infno} {msgid}")
        self.infno = infno
        self.msgid = msgid


@dataclass
class Wire:
    """The line of one hospital; `clock` gives the time that stands in msgid and inf_time."""

    service_url: str
    code: str
    name: str
    area: str
    clock: Any = datetime.now
    sent: list[dict[str, Any]] = field(default_factory=list)

    def call(self, infno: str, body: dict[str, Any], *, insured_at: str) -> dict[str, Any]:
        """The output of an accepted message."""
        message = self._message(infno, body, insured_at)
        self.sent.append(message)
        try:
            response = requests.post(self.service_url, data=_dump(message), headers=_JSON, timeout=30)
            answer = json.loads(response.content, parse_float=Decimal)
        except (requests.RequestException, ValueError):
            raise AnswerLost(infno, message["msgid"]) from None
        if answer["infcode"] != "0":
            raise Rejected(answer["err_msg"])
        return dict(answer["output"])

    def _message(self, infno: str, body: dict[str, Any], insured_at: str) -> dict[str, Any]:
        now = self.clock()
        return {
            "infno": infno,
            "msgid": f"{self.code}{now:%Y%m%d%H%M%S}{len(self.sent) + 1:04d}",
            "mdtrtarea_admvs": self.area,
            "insuplc_admdvs": insured_at,
            "recer_sys_code": "HIS",
            "dev_no": "",
            "dev_safe_info": "",
            "cainfo": "",
            "signtype": "",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0001",
            "opter_name": "收费员",
            "inf_time": f"{now:%Y-%m-%d %H:%M:%S}",
            "fixmedins_code": self.code,
            "fixmedins_name": self.name,
            "sign_no": "",
            "input": body,
        }


_JSON = {"Content-Type": "application/json; charset=utf-8"}


def _dump(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, default=_number).encode()


def _number(value: Decimal) -> float:
    return float(value)

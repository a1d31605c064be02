"""A hospital's own envelopes: header, msgid, JSON; amounts go out with two decimals and come in as exact numbers."""

import itertools
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

SERVICE = "/fsi/api/rsfComIfsService/callService"
_SERIALS = 10_000
"""Numbers of one second: the serial of a msgid has four digits."""
_FIRST_SECOND = datetime(2000, 1, 1)  # noqa: DTZ001  (a number written as a time, not a moment)
_SECONDS = 3_000_000_000

_encoder = msgspec.json.Encoder(decimal_format="number")


class Msgids:
    """Numbers of 30 characters that no other process gives out: institution 12, time 14, serial 4.

    The time is a number here, not the moment: it starts at a second drawn from the years 2000 to 2095, so that neither
    generators that know nothing of each other nor a platform whose clock stands still see one twice. Two processes with
    a million messages each meet with a chance below 1 in 10,000,000.
    """

    def __init__(self, institution: str, start: int | None = None) -> None:
        self._institution = f"{institution:0<12.12}"
        first = random.SystemRandom().randrange(_SECONDS) if start is None else start
        self._numbers = itertools.count(first * _SERIALS)

    def __call__(self) -> str:
        second, serial = divmod(next(self._numbers), _SERIALS)
        moment = _FIRST_SECOND + timedelta(seconds=second)
        return f"{self._institution}{moment:%Y%m%d%H%M%S}{serial:04d}"


@dataclass(slots=True)
class Workstation:
    """Counter of an institution: the header fields of every message it sends."""

    institution: str
    institution_name: str
    treated_at: str
    insured_at: str
    operator: str
    msgids: Msgids
    sign_no: str = ""
    signed_on: str = ""
    """The day of the sign-in; another day needs another."""

    def envelope(self, infno: str, body: Any, *, msgid: str, now: str) -> bytes:
        """A message as bytes; `now` is the wire time of the platform's own clock."""
        return _encoder.encode(
            {
                "infno": infno,
                "msgid": msgid,
                "mdtrtarea_admvs": self.treated_at,
                "insuplc_admdvs": self.insured_at,
                "recer_sys_code": "LOAD",
                "dev_no": "",
                "dev_safe_info": "",
                "cainfo": "",
                "signtype": "",
                "infver": "V1.0",
                "opter_type": "1",
                "opter": self.operator,
                "opter_name": "压测操作员",
                "inf_time": now,
                "fixmedins_code": self.institution,
                "fixmedins_name": self.institution_name,
                "sign_no": self.sign_no,
                "input": body,
            }
        )


def read_answer(raw: bytes) -> Mapping[str, Any] | None:
    """The fields of an answer; None for bytes that are no JSON object."""
    try:
        value = json.loads(raw, parse_float=Decimal)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def amount(fen: int) -> Decimal:
    """Yuan with two decimals, written as a number."""
    return Decimal(fen).scaleb(-2)


def fen(value: Any) -> int:
    """Fen of an amount that came as a number or as text; raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise ValueError(repr(value))  # noqa: TRY004  (what came in an answer, not what was passed)
    try:
        number = Decimal(value) * 100
        whole = int(number)
    except (ArithmeticError, ValueError):
        raise ValueError(repr(value)) from None
    if whole != number:
        raise ValueError(repr(value))
    return whole

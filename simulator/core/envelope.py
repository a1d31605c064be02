"""Envelope of a message: a JSON object each way, with header fields and `input` or `output` side by side."""

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulator.core.clock import wire_time_17
from simulator.core.json_codec import NotAMessage, read_json, write_json
from simulator.core.texts import text

SUCCESS, FAILURE = "0", "-1"

_serial = itertools.count(int.from_bytes(os.urandom(4), "big"))


@dataclass(frozen=True, slots=True)
class Head:
    """The header fields that the platform goes by; text, blank where the message has none."""

    infno: str
    msgid: str
    treated_area: str
    insured_area: str
    """insuplc_admdvs, or the treatment place where it is blank, which means local care."""
    institution: str
    institution_name: str
    operator: str
    operator_name: str
    inf_time: str
    sign_no: str


def read(raw: bytes) -> Mapping[str, Any]:
    """The fields of a message; raises NotAMessage."""
    value = read_json(raw)
    if not isinstance(value, dict):
        raise NotAMessage(text("wire.not_object", got=type(value).__name__))
    return value


def head_of(fields: Mapping[str, Any]) -> Head:
    """Header of a decoded message; a value that is not text counts as blank here, and the contract refuses it later."""

    def word(name: str) -> str:
        value = fields.get(name)
        return value.strip() if value.__class__ is str else ""

    treated, insured = word("mdtrtarea_admvs"), word("insuplc_admdvs")
    return Head(
        infno=word("infno"),
        msgid=word("msgid"),
        treated_area=treated,
        insured_area=insured or treated,
        institution=word("fixmedins_code"),
        institution_name=word("fixmedins_name"),
        operator=word("opter"),
        operator_name=word("opter_name"),
        inf_time=word("inf_time"),
        sign_no=word("sign_no"),
    )


def answer(
    *, infcode: str | int, err_msg: str, output: Any, area: str, received: datetime, answered: datetime
) -> bytes:
    """The bytes of an answer; `area` stands at the head of inf_refmsgid when it is six digits.

    An output that is text was enciphered.
    """
    serial = next(_serial) % 10_000_000_000
    came = wire_time_17(received)
    known = area if len(area) == 6 and area.isascii() and area.isdigit() else "000000"
    return write_json(
        {
            "infcode": infcode,
            "inf_refmsgid": f"{known}{came[:14]}{serial:010d}",
            "refmsg_time": came,
            "respond_time": came if answered is received else wire_time_17(answered),
            "err_msg": err_msg,
            "output": output if output is not None else {},
        }
    )

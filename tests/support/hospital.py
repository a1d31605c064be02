"""A hospital for tests: writes its own envelopes, sends them to a Flask test client, keeps nothing."""

import itertools
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulator.server.business_seam import ConnectionDropped

BEIJING_HOSPITAL = ("H11000000001", "北京模拟第一医院", "110000")
SERVICE = "/fsi/api/rsfComIfsService/callService"
DIALYSIS, DIALYSIS_LOCAL = "M07800", "M07803"
SESSION = "003110000060000-311000027"
"""血液透析 in 北京: 甲, ceiling 420.00, nothing paid beforehand; what is charged up to it is all in scope."""


LEFT_OUT = object()


@dataclass(frozen=True)
class Answer:
    """What came back; `body` is None for what is no JSON, and `status` 0 when the connection broke off."""

    status: int
    body: dict[str, Any] | None
    raw: bytes = b""

    @property
    def ok(self) -> bool:
        return self.body is not None and self.body["infcode"] == "0"

    @property
    def err_msg(self) -> str:
        return self.body["err_msg"] if self.body else ""

    @property
    def output(self) -> dict[str, Any]:
        assert self.ok, (self.status, self.body)
        return self.body["output"]

    @property
    def setlinfo(self) -> dict[str, Any]:
        return self.output["setlinfo"]


def _read(received: bytes) -> dict[str, Any] | None:
    try:
        body: dict[str, Any] = json.loads(received, parse_float=Decimal)
    except ValueError:
        return None
    return body


class Control:
    """The control calls of one sandbox."""

    def __init__(self, client: Any, sandbox: str = "") -> None:
        self.client = client
        self.prefix = f"/s/{sandbox}/_sim" if sandbox else "/_sim"

    def __call__(self, method: str, path: str, body: Any = None, *, status: int | None = 200) -> Any:
        response = self.client.open(f"{self.prefix}/{path}", method=method, json=body)
        if status is not None:
            assert response.status_code == status, (path, response.status_code, response.text)
        return json.loads(response.data, parse_float=Decimal)

    def now(self, moment: str) -> None:
        self("PUT", "clock", {"now": moment, "running": False})

    def person(self, **spec: Any) -> dict[str, Any]:
        return self("POST", "people", {"insured_at": "230900", "insutype": "310", "category": "retired", **spec})

    def findings(self, **query: str) -> list[dict[str, Any]]:
        asked = "&".join(f"{key}={value}" for key, value in query.items())
        return self("GET", f"findings?{asked}")["findings"]

    def audit(self) -> dict[str, Any]:
        return self("GET", "ledger/audit")


@dataclass
class Hospital:
    """One institution; every call gets a msgid of its own unless one is given."""

    client: Any
    institution: tuple[str, str, str] = BEIJING_HOSPITAL
    now: str = "2025-03-10 09:00:00"
    sandbox: str = ""
    identity_card: str = "01"
    """psn_cert_type of the edition."""
    _serial: Any = field(default_factory=lambda: itertools.count(1))

    def envelope(self, infno: str, body: Any, /, *, insured: str = "230900", **fields: Any) -> dict[str, Any]:
        code, name, area = self.institution
        stamp = self.now.replace("-", "").replace(" ", "").replace(":", "")
        return {
            "infno": infno,
            "msgid": f"{code}{stamp}{next(self._serial):04d}",
            "mdtrtarea_admvs": area,
            "insuplc_admdvs": insured,
            "recer_sys_code": "TEST",
            "dev_no": "",
            "dev_safe_info": "",
            "cainfo": "",
            "signtype": "",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "op1",
            "opter_name": "测试员",
            "inf_time": self.now,
            "fixmedins_code": code,
            "fixmedins_name": name,
            "sign_no": "",
            "input": body,
        } | fields

    def post(self, raw: bytes | dict[str, Any], path: str = SERVICE, **options: Any) -> Answer:
        """Sends bytes, or an envelope, as they are."""
        prefix = f"/s/{self.sandbox}" if self.sandbox else ""
        data = raw if isinstance(raw, bytes) else json.dumps(raw, ensure_ascii=False).encode()
        try:
            response = self.client.post(prefix + path, data=data, **{"content_type": "application/json"} | options)
            received = response.data
        except ConnectionDropped:
            return Answer(0, None)
        return Answer(response.status_code, _read(received), received)

    def send(self, infno: str, body: Any, /, **fields: Any) -> Answer:
        return self.post(self.envelope(infno, body, **fields))

    def identify(self, person: dict[str, Any], *, fields: dict[str, Any] | None = None, **changes: Any) -> Answer:
        """1101 by certificate."""
        data = {
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person["certno"],
            "card_sn": "",
            "begntime": "",
            "psn_cert_type": self.identity_card,
            "certno": person["certno"],
            "psn_name": person["psn_name"],
        }
        return self.send("1101", {"data": data | changes}, **{"insured": person["insured_at"]} | (fields or {}))

    def visit(self, person: dict[str, Any], **options: Any) -> "Visit":
        """A visit registered and described, ready for charges."""
        return Visit(self, person, **options).open()


@dataclass
class Visit:
    """One outpatient visit of a person at a hospital."""

    hospital: Hospital
    person: dict[str, Any]
    med_type: str = "14"
    disease: str = DIALYSIS_LOCAL
    begins: str = ""
    insutype: str = ""
    insured: str = ""
    extension: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        self.begins = self.begins or self.hospital.now
        self.insutype = self.insutype or self.person["insutype"]
        self.insured = self.insured or self.person["insured_at"]

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": self.person["certno"],
            "psn_cert_type": self.hospital.identity_card,
            "certno": self.person["certno"],
            "psn_name": self.person["psn_name"],
            "psn_type": self.person["psn_type"],
        }

    def send(self, infno: str, body: Any, /, **fields: Any) -> Answer:
        return self.hospital.send(infno, body, **{"insured": self.insured} | fields)

    def open(self) -> "Visit":
        self.id = self.register().output["data"]["mdtrt_id"]
        assert self.describe().ok
        return self

    def register(self, **changes: Any) -> Answer:
        data = {
            "psn_no": self.person["psn_no"],
            "insutype": self.insutype,
            "begntime": self.begins,
            "ipt_otp_no": "M1",
            "atddr_no": "D110000000001",
            "dr_name": "测试医师",
            "dept_code": "A03",
            "dept_name": "肾内科",
            "caty": "A03.09",
            **self.identity,
        }
        return self.send("2201", {"data": data | changes})

    def describe(self, infno: str = "2203A", **changes: Any) -> Answer:
        info = {
            "mdtrt_id": self.id,
            "psn_no": self.person["psn_no"],
            "med_type": self.med_type,
            "begntime": self.begins,
            "dise_codg": self.disease,
            "dise_name": "测试病种" if self.disease else "",
        }
        if self.extension:
            info["expContent"] = self.extension
        diagnosis = {
            "diag_type": "1",
            "diag_srt_no": 1,
            "diag_code": "N18.500",
            "diag_name": "慢性肾脏病5期",
            "diag_dept": "A03",
            "dise_dor_no": "D110000000001",
            "dise_dor_name": "测试医师",
            "diag_time": self.begins,
            "vali_flag": "1",
        }
        return self.send(infno, {"mdtrtinfo": info | changes, "diseinfo": [diagnosis]})

    def line(self, serial: int, code: str, cnt: str, pric: str, *, batch: str = "B1", **changes: Any) -> dict[str, Any]:
        """One charge; the amount is quantity × price."""
        amount = (Decimal(cnt) * Decimal(pric)).quantize(Decimal("0.01"))
        return {
            "feedetl_sn": str(serial),
            "mdtrt_id": self.id,
            "psn_no": self.person["psn_no"],
            "chrg_bchno": batch,
            "dise_codg": self.disease,
            "rx_circ_flag": "0",
            "fee_ocur_time": self.hospital.now,
            "med_list_codg": code,
            "medins_list_codg": f"L{serial}",
            "det_item_fee_sumamt": float(amount),
            "cnt": float(cnt),
            "pric": float(pric),
            "bilg_dept_codg": "A03",
            "bilg_dept_name": "肾内科",
            "bilg_dr_codg": "D110000000001",
            "bilg_dr_name": "测试医师",
            "hosp_appr_flag": "0",
        } | changes

    def session(self, total: str, *, serial: int = 1, batch: str = "B1", **changes: Any) -> dict[str, Any]:
        """A charge of 血液透析 at 400.00 that sums to `total`, all of it in scope in 北京."""
        return self.line(serial, SESSION, str(Decimal(total) / 400), "400.00", batch=batch, **changes)

    def settled(self, total: str, *, batch: str = "B1", serial: int = 1, **changes: Any) -> dict[str, Any]:
        """Charges `total` in one line and settles it; the setlinfo."""
        assert self.charge(self.session(total, serial=serial, batch=batch)).ok
        return self.settle(total, batch=batch, **changes).setlinfo

    def charge(self, *lines: dict[str, Any]) -> Answer:
        return self.send("2204", {"feedetail": list(lines)})

    def settlement_input(self, total: str, *, batch: str = "B1", **changes: Any) -> dict[str, Any]:
        """The data of 2206 and 2207; LEFT_OUT takes a field away."""
        fields = {
            "psn_no": self.person["psn_no"],
            "med_type": self.med_type,
            "medfee_sumamt": float(total),
            "psn_setlway": "01",
            "mdtrt_id": self.id,
            "chrg_bchno": batch,
            "acct_used_flag": "0",
            "insutype": self.insutype,
            **self.identity,
        } | changes
        return {name: value for name, value in fields.items() if value is not LEFT_OUT}

    def preview(
        self, total: str, *, infno: str = "2206A", fields: dict[str, Any] | None = None, **changes: Any
    ) -> Answer:
        return self.send(infno, {"data": self.settlement_input(total, **changes)}, **fields or {})

    def settle(
        self, total: str, *, infno: str = "2207A", fields: dict[str, Any] | None = None, **changes: Any
    ) -> Answer:
        return self.send(infno, {"data": self.settlement_input(total, **changes)}, **fields or {})

    def cancel(self, setl_id: str, **fields: Any) -> Answer:
        data = {"psn_no": self.person["psn_no"], "setl_id": setl_id, "mdtrt_id": self.id}
        return self.send("2208", {"data": data}, **fields)

    def reverse(self, omsgid: str, oinfno: str, **fields: Any) -> Answer:
        data = {"psn_no": self.person["psn_no"], "omsgid": omsgid, "oinfno": oinfno}
        return self.send("2601", {"data": data}, **fields)

"""Outpatient journey, message by message, independent of the sender.

A journey is a generator: it yields a Message, is sent the output of its answer, and goes on. Whoever drives it stops at
the first failure and begins another visit, as a hospital's workstation would after an error.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from simulator.loadtests import answers
from simulator.loadtests.answers import Check
from simulator.loadtests.messages import Workstation, amount, fen
from simulator.loadtests.stage import Item, Patient, Stage

Output = Mapping[str, Any]
Journey = Generator["Message", Output, None]

SETTLEMENT, CANCELLATION = "2207A", "2208"
BOOKING = (SETTLEMENT, CANCELLATION)
"""Messages of the journey that write to the ledger."""

_DEPARTMENT, _DEPARTMENT_NAME, _DOCTOR, _DOCTOR_NAME = "A03", "内科", "D110000000001", "压测医师"


@dataclass(frozen=True, slots=True)
class Message:
    """Message to send: number, input, and the check of its output."""

    infno: str
    body: Mapping[str, Any]
    check: Check = answers.accepted
    msgid: str = ""
    """Given where a message is repeated or may be reversed."""
    label: str = ""
    """Counted under this instead of its number."""

    @property
    def name(self) -> str:
        return self.label or self.infno


@dataclass(frozen=True, slots=True)
class Batch:
    """Charges sent together, and what the treatment place made of them."""

    number: str
    lines: Sequence[Mapping[str, Any]]
    total: int
    scopes: Sequence[int] = ()


class Visit:
    """Visit of a patient at a workstation; `messages` is the journey."""

    def __init__(self, stage: Stage, workstation: Workstation, patient: Patient, random: Random) -> None:
        self.stage, self.workstation, self.patient, self.mix = stage, workstation, patient, stage.mix
        self._random = random
        self._shown = patient.voucher(_drawn(random, stage.mix.vouchers))
        self._number = f"OP{random.getrandbits(60):019d}"
        self._psn_no = self._psn_type = self._insutype = self._mdtrt_id = ""
        self._account = random.random() < stage.mix.share("account")

    def messages(self) -> Journey:
        """From the sign-in to the last thing that happens to the settlement."""
        now = self.stage.now()
        if self.workstation.signed_on != now[:10]:
            yield from self._sign_in(now[:10])
        yield from self._arrive(now)
        batch = yield from self._charged(now)
        info: Mapping[str, Any] | None = None
        for _ in range(self.mix.previews):
            output = yield Message("2206A", self._settlement_input(batch), self._settled(batch, info))
            info = output["setlinfo"]
        settled = yield from self._settle(batch, info)
        if self._happens("cancelled"):
            body = {"psn_no": self._psn_no, "setl_id": settled["setl_id"], "mdtrt_id": self._mdtrt_id}
            yield Message(CANCELLATION, {"data": body}, answers.cancelled(settled))

    def _sign_in(self, day: str) -> Journey:
        body = {"signIn": {"opter_no": self.workstation.operator, "mac": "02-00-00-00-00-01", "ip": "127.0.0.1"}}
        output = yield Message("9001", body)
        self.workstation.sign_no, self.workstation.signed_on = output["signinoutb"]["sign_no"], day

    def _arrive(self, now: str) -> Journey:
        """Identifies the person, asks for entitlement, and registers the visit with its diagnosis."""
        mix, patient = self.mix, self.patient
        identity = {"psn_cert_type": patient.certificate_type, "certno": patient.certno, "psn_name": patient.name}
        body = {**self._shown, **identity, "begntime": ""}
        known = yield Message("1101", {"data": body}, answers.this_person(patient.certno))
        insurance = known["insuinfo"][0]
        self._psn_no = known["baseinfo"]["psn_no"]
        self._insutype, self._psn_type = insurance["insutype"], insurance["psn_type"]
        about = {"med_type": mix.med_type, "begntime": now, "dise_codg": mix.disease, "dise_name": mix.disease}
        asked = {"psn_no": self._psn_no, "insutype": self._insutype, "fixmedins_code": self.workstation.institution}
        yield Message("2001", {"data": {**asked, **about}}, answers.entitled)
        registered = yield Message(
            "2201", {"data": self._registration(now)}, answers.same("data", "psn_no", self._psn_no)
        )
        self._mdtrt_id = registered["data"]["mdtrt_id"]
        info = {"mdtrt_id": self._mdtrt_id, "psn_no": self._psn_no, **about}
        yield Message("2203A", {"mdtrtinfo": info, "diseinfo": [_diagnosis(now)]})

    def _charged(self, now: str) -> Generator[Message, Output, Batch]:
        """The charges as one batch; some are withdrawn first and sent again as another."""
        if self._happens("withdrawn"):
            first = self._batch("B1", now)
            yield Message("2204", {"feedetail": first.lines}, answers.classified(first.lines))
            body = {"mdtrt_id": self._mdtrt_id, "chrg_bchno": first.number, "psn_no": self._psn_no}
            yield Message("2205", {"data": body})
        batch = self._batch("B2", now)
        output = yield Message("2204", {"feedetail": batch.lines}, answers.classified(batch.lines))
        rows = output["result"]
        scopes = tuple(sum(fen(row[name]) for row in rows) for name in answers.LINE_SCOPES)
        return Batch(batch.number, batch.lines, batch.total, scopes)

    def _settle(
        self, batch: Batch, previewed: Mapping[str, Any] | None
    ) -> Generator[Message, Output, Mapping[str, Any]]:
        """Settles; some answers are given up for lost and reversed, some settlements are sent twice."""
        body, before = self._settlement_input(batch), previewed
        if self._happens("lost"):
            msgid = self.workstation.msgids()
            output = yield Message(SETTLEMENT, body, self._settled(batch, before), msgid)
            before = output["setlinfo"]
            reversal = {"psn_no": self._psn_no, "omsgid": msgid, "oinfno": SETTLEMENT}
            yield Message("2601", {"data": reversal})
        msgid = self.workstation.msgids()
        output = yield Message(SETTLEMENT, body, self._settled(batch, before), msgid)
        info: Mapping[str, Any] = output["setlinfo"]
        if self._happens("repeated"):
            again = answers.same("setlinfo", "setl_id", info["setl_id"])
            yield Message(SETTLEMENT, body, again, msgid, label=f"{SETTLEMENT}-again")
        return info

    def _settled(self, batch: Batch, before: Mapping[str, Any] | None) -> Check:
        return answers.settled(
            total=batch.total, scopes=batch.scopes, psn_no=self._psn_no, mdtrt_id=self._mdtrt_id, as_before=before
        )

    def _registration(self, now: str) -> dict[str, Any]:
        return {
            "psn_no": self._psn_no,
            "insutype": self._insutype,
            "begntime": now,
            "ipt_otp_no": self._number,
            "atddr_no": _DOCTOR,
            "dr_name": _DOCTOR_NAME,
            "dept_code": _DEPARTMENT,
            "dept_name": _DEPARTMENT_NAME,
            "caty": "A03.09",
            **self._identity(),
        }

    def _identity(self) -> dict[str, Any]:
        return {
            **self._shown,
            "psn_cert_type": self.patient.certificate_type,
            "certno": self.patient.certno,
            "psn_type": self._psn_type,
            "psn_name": self.patient.name,
        }

    def _settlement_input(self, batch: Batch) -> dict[str, Any]:
        data = {
            "psn_no": self._psn_no,
            "med_type": self.mix.med_type,
            "medfee_sumamt": amount(batch.total),
            "psn_setlway": "01",
            "mdtrt_id": self._mdtrt_id,
            "chrg_bchno": batch.number,
            "acct_used_flag": "1" if self._account else "0",
            "insutype": self._insutype,
            **self._identity(),
        }
        return {"data": data}

    def _batch(self, number: str, now: str) -> Batch:
        lines, total = [], 0
        for serial in range(1, self.mix.lines + 1):
            quantity = self._random.randint(*self.mix.quantity)
            price = self._random.randint(*self.mix.price_fen)
            total += quantity * price
            item = self._random.choice(self.stage.items)
            lines.append(self._line(f"{number}-{serial}", number, item, quantity, price, now))
        return Batch(number, lines, total)

    def _line(self, serial: str, batch: str, item: Item, quantity: int, price: int, now: str) -> dict[str, Any]:
        return {
            "feedetl_sn": serial,
            "mdtrt_id": self._mdtrt_id,
            "psn_no": self._psn_no,
            "chrg_bchno": batch,
            "dise_codg": self.mix.disease,
            "rx_circ_flag": "0",
            "fee_ocur_time": now,
            "med_list_codg": item.code,
            "medins_list_codg": f"L{item.code}",
            "det_item_fee_sumamt": amount(quantity * price),
            "cnt": quantity,
            "pric": amount(price),
            "bilg_dept_codg": _DEPARTMENT,
            "bilg_dept_name": _DEPARTMENT_NAME,
            "bilg_dr_codg": _DOCTOR,
            "bilg_dr_name": _DOCTOR_NAME,
            # A restricted item is paid only when the hospital approved its use.
            "hosp_appr_flag": "1" if item.restricted else "0",
        }

    def _happens(self, name: str) -> bool:
        return self._random.random() < self.mix.share(name)


def _diagnosis(now: str) -> dict[str, Any]:
    return {
        "diag_type": "1",
        "diag_srt_no": 1,
        "diag_code": "Z51.900",
        "diag_name": "医疗照顾",
        "diag_dept": _DEPARTMENT,
        "dise_dor_no": _DOCTOR,
        "dise_dor_name": _DOCTOR_NAME,
        "diag_time": now,
        "vali_flag": "1",
    }


def _drawn(random: Random, weights: Mapping[str, int]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]

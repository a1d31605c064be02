"""A simulated hospital in a test's hands: messages filled in from what its desk knows, or written by the test."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.core.masking import mask_text
from simulator.core.texts import text
from simulator.harness.environment.client import SandboxClient
from simulator.harness.environment.envelope_codec import Sent, envelope, msgid, read_json, write_json
from simulator.harness.execution import journey
from simulator.harness.execution.journey import TemplateFacts, learn_from_answer, learn_from_request, practice, voucher
from simulator.harness.templates import fill, number_of, override, remove
from simulator.testing.control import Control, Json, Refused

SUCCESS = "0"


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to a message; `lost` where no usable answer came."""

    infno: str
    msgid: str
    request: Json
    body: Json
    problem: str = ""

    @property
    def lost(self) -> bool:
        return not self.body

    @property
    def ok(self) -> bool:
        return str(self.body.get("infcode")) == SUCCESS

    @property
    def err_msg(self) -> str:
        return str(self.body.get("err_msg") or self.problem)

    @property
    def output(self) -> Any:
        """The output of an accepted message, a list where the text prints a bare list; raises Refused for another."""
        __tracebackhide__ = True
        output = self.accepted().body.get("output")
        return {} if output is None else output

    def accepted(self) -> "Answer":
        """Itself; raises Refused where it was not accepted."""
        __tracebackhide__ = True
        if not self.ok:
            raise Refused(str(text("testing.refused", infno=self.infno, why=mask_text(self.err_msg) or "-")))
        return self


@dataclass(slots=True)
class Visit:
    """Visit of a person; its calls know the numbers that the earlier calls were given."""

    hospital: "Hospital"
    person: Mapping[str, Any]
    record: journey.VisitRecord

    @property
    def mdtrt_id(self) -> str:
        return self.record.mdtrt_id

    @property
    def batch(self) -> journey.Batch | None:
        """The charges uploaded last."""
        return self.record.batch()

    def call(self, infno: str, **options: Any) -> Answer:
        """Any transaction about this visit: `fields` lays values over the message, `without` leaves some out."""
        return self.hospital.call(infno, self.person, visit=self, **options)

    def describe(self, disease: str, *, med_type: str = "14", infno: str = "") -> Answer:
        return self.call(infno or number_of("describe"), fields={"med_type": med_type, "dise_codg": disease})

    def charge(self, charges: Sequence[Mapping[str, Any]]) -> Answer:
        """Uploads a batch: `[{"med_list_codg": …, "cnt": 3, "pric": "420.00"}]`."""
        batch = self.record.open_batch("", [dict(line) for line in charges])
        answer = self.call(number_of("charge"))
        if not answer.ok:
            self.record.drop(batch)
        return answer

    def preview(self, infno: str = "", **fields: Any) -> Answer:
        return self.call(infno or number_of("preview"), fields=fields)

    def settle(self, infno: str = "", **fields: Any) -> Answer:
        return self.call(infno or number_of("settle"), fields=fields)

    def cancel(self) -> Answer:
        return self.call(number_of("cancel"))

    def reverse(self, answer: Answer) -> Answer:
        """2601 for a message whose outcome the hospital does not know."""
        return self.hospital.call(
            number_of("reverse"), self.person, visit=self, original={"msgid": answer.msgid, "infno": answer.infno}
        )


@dataclass(slots=True)
class Hospital:
    """Institution of the sandbox."""

    _sandbox: SandboxClient
    _control: Control
    code: str
    _serial: Iterator[int]
    _place: Json = field(default_factory=dict)

    @property
    def place(self) -> Json:
        """Code, name and area of the institution, which need not exist on the platform."""
        if not self._place:
            area = self.code[1:7]
            known = {each["code"]: each for each in self._control.institutions(area)}
            found = known.get(self.code, {"name": self.code, "area": area})
            self._place = {"code": self.code, "name": found["name"], "area": found["area"]}
        return self._place

    def send(self, infno: str, body: Any, *, insured_at: str = "", **head: Any) -> Answer:
        """A message with an input of one's own; `head` lays values over the header."""
        now = self._control.now
        fields = {**self._head(infno, now, insured_at), **head}
        message = envelope(fields, body)
        raw = write_json(message)
        return _answered(self._sandbox.send(infno, str(fields["msgid"]), raw), read_json(raw))

    def call(
        self,
        infno: str,
        person: Mapping[str, Any],
        *,
        visit: Visit | None = None,
        fields: Mapping[str, Any] | None = None,
        without: Sequence[str] = (),
        shows: str = "certificate",
        original: Mapping[str, str] | None = None,
    ) -> Answer:
        """A message filled in for the person; `shows` is certificate, token or card."""
        record = visit.record if visit is not None else journey.VisitRecord(self._number())
        batch = record.batch()
        more = {"original": dict(original)} if original else {}
        known = TemplateFacts(person, self.place, record, batch, self._control.now, voucher(person, shows), more)
        body = fill(infno, known)
        override(body, dict(fields or {}))
        remove(body, list(without))
        answer = self.send(infno, body, insured_at=person["insured_at"])
        if answer.ok:
            learn_from_request(infno, body, record, batch)
            learn_from_answer(infno, answer.body.get("output"), record, batch)
        return answer

    def identify(self, person: Mapping[str, Any], **options: Any) -> Answer:
        """1101."""
        return self.call(number_of("identify"), person, **options)

    def visit(
        self,
        person: Mapping[str, Any],
        *,
        disease: str = "",
        charges: Sequence[Mapping[str, Any]] = (),
        med_type: str = "14",
    ) -> Visit:
        """A visit registered, described where a disease is given, charged where charges are; raises Refused."""
        visit = Visit(self, person, journey.VisitRecord(self._number(), insutype=str(person.get("insutype") or "")))
        visit.call(number_of("register")).accepted()
        if disease:
            visit.describe(disease, med_type=med_type).accepted()
        if charges:
            visit.charge(charges).accepted()
        return visit

    def _number(self) -> str:
        return f"T{next(self._serial):05d}"

    def _head(self, infno: str, now: str, insured_at: str) -> Json:
        about, place = practice(), self.place
        return {
            **about["header"],
            "infno": infno,
            "msgid": msgid(place["code"], now, next(self._serial)),
            "mdtrtarea_admvs": place["area"],
            "insuplc_admdvs": insured_at or place["area"],
            "opter": about["operator"]["code"],
            "opter_name": about["operator"]["name"],
            "inf_time": now,
            "fixmedins_code": place["code"],
            "fixmedins_name": place["name"],
        }


def _answered(sent: Sent, request: Json) -> Answer:
    return Answer(sent.infno, sent.msgid, request, sent.body, sent.problem)

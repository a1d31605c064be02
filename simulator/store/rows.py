"""Rows of the tables, as typed named tuples; the columns stand in the order of the table."""

from typing import NamedTuple


class SandboxRow(NamedTuple):
    """The one row of a sandbox: what it was made with, its clock, what it counts."""

    id: int
    schema_version: int
    name: str
    seed: int
    clock_at: str
    clock_set_at: float
    clock_running: int
    edition: str
    strict: int
    gateway: str
    revision: int
    serial: int


class InstitutionRow(NamedTuple):
    """An institution changed by a control call; JSON."""

    code: str
    body: str


class CatalogueRow(NamedTuple):
    """Items laid over the catalogue of an area; JSON."""

    area: str
    body: str


class PolicyRow(NamedTuple):
    """The city file of an area that was put in by a control call."""

    area: str
    name: str
    body: str


class AgencyRow(NamedTuple):
    """The agency registered for an area; JSON."""

    area: str
    body: str


class FaultRow(NamedTuple):
    """A fault that was ordered, and how often it was used."""

    id: int
    at: str
    infno: str
    what: str
    nth: int
    times: int
    probability: float
    delay_s: float
    seen: int
    used: int


class SignInRow(NamedTuple):
    """An operator signed in."""

    sign_no: str
    institution: str
    operator: str
    day: str
    at: str
    signed_out: int


class StoredFileRow(NamedTuple):
    """A file that an institution uploaded; `size` in bytes, `until` the last moment for fetching it."""

    id: int
    institution: str
    name: str
    sha256: str
    size: int
    content: bytes
    uploaded_at: str
    until: str


class VisitRow(NamedTuple):
    """A visit, with 2201 and 2203 as sent."""

    id: int
    person_id: int
    psn_no: str
    institution: str
    area: str
    insured_area: str
    insutype: str
    ipt_otp_no: str
    begin: str
    state: str
    med_type: str
    disease: str
    emergency: int
    registered: str
    described: str


class SubjectRow(NamedTuple):
    """Subject of one settlement: a batch of a visit or an interval of a stay; sums in fen."""

    id: int
    visit_id: int
    kind: str
    number: str
    begins: str
    ends: str
    state: str
    disease: str
    total: int
    own_purchase: int
    above_ceiling: int
    prior_selfpay: int
    in_scope: int
    last_fee_at: str
    settlement_id: int | None
    preview: str


class ChargeRow(NamedTuple):
    """A charge of a visit: its parts in fen, and its row of feedetail as JSON."""

    id: int
    visit_id: int
    subject_id: int | None
    serial: str
    state: str
    fee_at: str
    total: int
    own_purchase: int
    above_ceiling: int
    prior_selfpay: int
    in_scope: int
    line: str


class SettlementRow(NamedTuple):
    """A settlement or a cancellation; amounts in fen."""

    id: int
    kind: str
    state: str
    original_id: int | None
    msgid: str
    infno: str
    person_id: int
    psn_no: str
    insutype: str
    year: int
    disease: str
    med_type: str
    mdtrt_id: str
    batch_number: str
    institution: str
    area: str
    insured_area: str
    setl_time: str
    agency_setl_id: str
    agency_msgid: str
    total: int
    own_purchase: int
    above_ceiling: int
    prior_selfpay: int
    in_scope: int
    deductible: int
    pool: int
    ratio: str
    large_amount: int
    major_illness: int
    civil_servants: int
    enterprise: int
    assistance: int
    other: int
    fund_total: int
    personal: int
    account: int
    cash: int
    hospital: int
    balance_after: int
    details: str
    movements: str
    answered: str
    expected: str
    settled_how: str
    clearing: str | None

    @property
    def settlement_id(self) -> int:
        """The id that the row goes by on the wire: a cancellation stands under what it cancels."""
        return self.id if self.original_id is None else self.original_id


class LedgerRow(NamedTuple):
    """A ledger entry in fen."""

    id: int
    settlement_id: int
    account: str
    holder: str
    treated_area: str
    insured_area: str
    amount: int


class MessageRow(NamedTuple):
    """A msgid that was spent, and the answer to it."""

    msgid: str
    infno: str
    digest: str
    psn_no: str
    state: str
    settlement_id: int | None
    answer: bytes


class JournalRow(NamedTuple):
    """One leg of a message, bytes as seen."""

    id: int
    exchange: str
    leg: str
    at: str
    real_at: float
    infno: str
    msgid: str
    psn_no: str
    mdtrt_id: str
    institution: str
    area: str
    outcome: str
    duration_ms: float
    request: bytes
    answer: bytes


class FindingRow(NamedTuple):
    """A judged fact about a message."""

    id: int
    exchange: str
    leg: str
    at: str
    severity: str
    rule: str
    infno: str
    msgid: str
    psn_no: str
    mdtrt_id: str
    path: str
    wanted: str
    got: str
    zh: str
    en: str
    mistakes: str


class JudgedAnswerRow(NamedTuple):
    """An agency's answer with the question that it was judged by; JSON."""

    id: int
    kind: str
    area: str
    psn_no: str
    infno: str
    msgid: str
    agrees: int
    question: str
    answered: str
    mistakes: str


class OutboxRow(NamedTuple):
    """A message to an agency whose outcome is open, or was."""

    id: int
    msgid: str
    area: str
    infno: str
    state: str
    body: bytes
    origin_msgid: str
    psn_no: str
    mdtrt_id: str
    subject: str
    late: int
    attempts: int
    next_try: float
    claimed_until: float
    owner: str
    last_error: str
    exchange: str


class TaskRow(NamedTuple):
    """A guided step that a person or a script carries out."""

    id: int
    role: str
    state: str
    body: str
    result: str


class RecordRow(NamedTuple):
    """A record as it was uploaded, and whom it belongs to."""

    id: int
    kind: str
    identity: str
    institution: str
    psn_no: str
    mdtrt_id: str
    area: str
    state: str
    msgid: str
    operator: str
    operator_name: str
    kept_at: str
    changed_at: str
    body: str

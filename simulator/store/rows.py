"""Rows of the tables as named tuples, their fields in the order of the columns (`person_rows` has those of people)."""

from typing import NamedTuple


class SandboxRow(NamedTuple):
    """Only row of its table: settings, clock and counters of the sandbox; flags are 0 or 1."""

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
    """Institution that a control call set, as JSON."""

    code: str
    body: str


class CatalogueRow(NamedTuple):
    """Items that a control call set over the catalogue of an area, as JSON."""

    area: str
    body: str


class PolicyRow(NamedTuple):
    """City file that a control call set for an area."""

    area: str
    name: str
    body: str


class AgencyRow(NamedTuple):
    """Agency registered for an area, as JSON."""

    area: str
    body: str


class FaultRow(NamedTuple):
    """Injected fault, with the numbers of messages matched (`seen`) and changed (`used`); `probability` from 0 to 1."""

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
    """Sign-in of an operator for a day; `signed_out` is 0 or 1."""

    sign_no: str
    institution: str
    operator: str
    day: str
    at: str
    signed_out: int


class StoredFileRow(NamedTuple):
    """File that an institution uploaded; `size` in bytes, `until` the last wire time at which 9102 gives it."""

    id: int
    institution: str
    name: str
    sha256: str
    size: int
    content: bytes
    uploaded_at: str
    until: str


class VisitRow(NamedTuple):
    """Visit with the inputs of 2201 and 2203 as JSON; `described` is blank until 2203."""

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
    """Subject of one settlement, a batch of a visit or an interval of a stay; sums of its charges in fen."""

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
    """Charge of a visit: its parts in fen, and its row of feedetail as JSON."""

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
    """Settlement or cancellation; amounts in fen, `ratio` from 0 to 1 as text.

    `details`, `movements`, `answered` and `expected` are JSON (`simulator.insured.kept`, `simulator.insured.books`).
    """

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
        """Id that setl_id is made from: of a cancellation, that of the settlement it cancels."""
        return self.id if self.original_id is None else self.original_id


class LedgerRow(NamedTuple):
    """Ledger entry; `amount` in fen, signed."""

    id: int
    settlement_id: int
    account: str
    holder: str
    treated_area: str
    insured_area: str
    amount: int


class MessageRow(NamedTuple):
    """Msgid that was spent, with digest and answer of its message; `digest` is blank for a mark of 2601."""

    msgid: str
    infno: str
    digest: str
    psn_no: str
    state: str
    settlement_id: int | None
    answer: bytes


class JournalRow(NamedTuple):
    """Leg of a message with its bytes as received and sent; `at` by the trade clock, `real_at` seconds since 1970."""

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
    """Judged fact about a message, its sentence in both languages."""

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
    """Message to an agency in the outbox; `next_try` and `claimed_until` are seconds since 1970, 0 for none."""

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
    """Manual step that a person or a script carries out; `body` and `result` as JSON."""

    id: int
    role: str
    state: str
    body: str
    result: str


class RecordRow(NamedTuple):
    """Record as uploaded, with its owner; `body` as JSON."""

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

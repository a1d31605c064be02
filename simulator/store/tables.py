"""Tables of a sandbox, the same on SQLite and PostgreSQL: amounts are integer fen, times wire text of Beijing."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, String, Text, literal_column

from simulator.store import person_rows, rows
from simulator.store.file_table import stored_file
from simulator.store.record_table import record
from simulator.store.subject_tables import charge, subject
from simulator.store.typed_tables import ROW_ID, fen_column, id_column, metadata, table_of

__all__ = ["charge", "metadata", "record", "stored_file", "subject"]

SCHEMA_VERSION = 5
"""Version of the tables, raised when one changes; `upgrades/to_<version>.py` holds the steps for kept rows."""

_Id, _id, _fen = ROW_ID, id_column, fen_column


sandbox = table_of(
    rows.SandboxRow,
    "sandbox",
    Column("id", Integer, primary_key=True),
    Column("schema_version", Integer, nullable=False),
    Column("name", String(40), nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("clock_at", String(26), nullable=False),
    Column("clock_set_at", Float, nullable=False),
    Column("clock_running", Integer, nullable=False),
    Column("edition", Text, nullable=False),
    Column("strict", Integer, nullable=False),
    Column("gateway", Text, nullable=False),
    # Raised when configuration changes that processes cache: edition, gateway, policies, catalogues, agencies, faults.
    Column("revision", BigInteger, nullable=False),
    # Counts forwarded messages, so that no two ever share a msgid, even with the clock frozen.
    Column("serial", BigInteger, nullable=False),
)

person = table_of(
    person_rows.PersonRow,
    "person",
    _id(),
    Column("psn_no", String(30), nullable=False, unique=True),
    Column("name", String(50), nullable=False),
    Column("certificate_type", String(20), nullable=False),
    Column("certificate_number", String(50), nullable=False),
    Column("gender", String(10), nullable=False),
    Column("birth", String(10), nullable=False),
    Column("nationality", String(3), nullable=False),
    Column("card_no", String(50), nullable=False),
    Column("card_sn", String(32), nullable=False),
    Column("credential_token", String(50), nullable=False),
    Column("area", String(6), nullable=False),
    Column("origin", String(10), nullable=False),  # simulated | imported | learned
)
Index("person_certificate", person.c.certificate_number)
Index("person_card", person.c.card_no)
Index("person_token", person.c.credential_token)

insurance = table_of(
    person_rows.InsuranceRow,
    "insurance",
    _id(),
    Column("person_id", _Id, nullable=False, index=True),
    Column("insutype", String(6), nullable=False),
    Column("category", String(20), nullable=False),
    Column("area", String(6), nullable=False),
    Column("status", String(10), nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("valid_to", String(10)),
    Column("suspended_from", String(10)),
    Column("civil_servant", Integer, nullable=False),
    Column("employer", String(200), nullable=False),
    _fen("opening_balance"),
    _fen("balance"),
)

identity = table_of(
    person_rows.IdentityRow,
    "identity",
    _id(),
    Column("person_id", _Id, nullable=False, index=True),
    Column("kind", String(30), nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("valid_to", String(10)),
)

registration = table_of(
    person_rows.RegistrationRow,
    "registration",
    _id(),
    Column("person_id", _Id, nullable=False, index=True),
    Column("disease", String(30), nullable=False, index=True),
    Column("name", String(300), nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("valid_to", String(10)),
    # trt_dcla_detl_sn as a registered agency gave it; blank where the insured place is simulated here (rules 24).
    Column("agency_number", String(30), nullable=False, default=""),
    sqlite_autoincrement=True,
)

filing = table_of(
    person_rows.FilingRow,
    "filing",
    _id(),
    Column("person_id", _Id, nullable=False, index=True),
    Column("group_name", String(30), nullable=False),
    Column("place", String(6), nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("valid_to", String(10)),
    Column("channel", String(20), nullable=False),
    Column("active", Integer, nullable=False),
    Column("agency_number", String(30), nullable=False, default=""),
    sqlite_autoincrement=True,
)

accumulator = table_of(
    person_rows.AccumulatorRow,
    "accumulator",
    Column("person_id", _Id, primary_key=True, autoincrement=False),
    Column("insutype", String(6), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(4), primary_key=True),
    Column("disease", String(30), primary_key=True),
    Column("care", String(24), primary_key=True, default=""),
    Column("period", String(40), primary_key=True, default=""),
    _fen("opening"),
    _fen("booked"),
)

institution = table_of(
    rows.InstitutionRow,
    "institution",
    Column("code", String(12), primary_key=True),
    Column("body", Text, nullable=False),
)

catalogue = table_of(
    rows.CatalogueRow,
    "catalogue",
    Column("area", String(6), primary_key=True),
    Column("body", Text, nullable=False),
)

policy = table_of(
    rows.PolicyRow,
    "policy",
    Column("area", String(6), primary_key=True),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),
)

agency = table_of(
    rows.AgencyRow,
    "agency",
    Column("area", String(6), primary_key=True),
    Column("body", Text, nullable=False),
)

fault = table_of(
    rows.FaultRow,
    "fault",
    _id(),
    Column("at", String(10), nullable=False),
    Column("infno", String(20), nullable=False),
    Column("what", String(20), nullable=False),
    Column("nth", Integer, nullable=False),
    Column("times", Integer, nullable=False),
    Column("probability", Float, nullable=False),
    Column("delay_s", Float, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("used", Integer, nullable=False),
)

sign_in = table_of(
    rows.SignInRow,
    "sign_in",
    Column("sign_no", String(30), primary_key=True),
    Column("institution", String(12), nullable=False),
    Column("operator", String(30), nullable=False),
    Column("day", String(10), nullable=False),
    Column("at", String(19), nullable=False),
    Column("signed_out", Integer, nullable=False),
)
Index("sign_in_operator", sign_in.c.institution, sign_in.c.operator, sign_in.c.day)

visit = table_of(
    rows.VisitRow,
    "visit",
    _id(),
    Column("person_id", _Id, nullable=False, index=True),
    Column("psn_no", String(30), nullable=False),
    Column("institution", String(12), nullable=False),
    Column("area", String(6), nullable=False),
    Column("insured_area", String(6), nullable=False),
    Column("insutype", String(6), nullable=False),
    Column("ipt_otp_no", String(30), nullable=False),
    Column("begin", String(19), nullable=False),
    Column("state", String(10), nullable=False),  # open | withdrawn
    Column("med_type", String(6), nullable=False),  # blank until 2203
    Column("disease", String(30), nullable=False),
    Column("emergency", Integer, nullable=False),
    Column("registered", Text, nullable=False),  # 2201 as sent
    Column("described", Text, nullable=False),  # mdtrtinfo and diseinfo as sent; blank until 2203
    sqlite_autoincrement=True,
)
Index("visit_institution", visit.c.institution, visit.c.med_type)

settlement = table_of(
    rows.SettlementRow,
    "settlement",
    _id(),
    Column("kind", String(12), nullable=False),  # settlement | cancellation
    Column("state", String(12), nullable=False),  # live | cancelled | reversed
    Column("original_id", _Id),  # the settlement that a cancellation cancels
    Column("msgid", String(30), nullable=False),  # as seen by the side that keeps the row
    Column("infno", String(10), nullable=False),
    Column("person_id", _Id, nullable=False, index=True),
    Column("psn_no", String(30), nullable=False),
    Column("insutype", String(6), nullable=False),
    Column("year", Integer, nullable=False),
    Column("disease", String(30), nullable=False),
    Column("med_type", String(6), nullable=False),
    Column("mdtrt_id", String(30), nullable=False),
    Column("batch_number", String(30), nullable=False),
    Column("institution", String(12), nullable=False),
    Column("area", String(6), nullable=False),
    Column("insured_area", String(6), nullable=False),
    Column("setl_time", String(19), nullable=False),
    Column("agency_setl_id", String(30), nullable=False),
    Column("agency_msgid", String(30), nullable=False),
    _fen("total"),
    _fen("own_purchase"),
    _fen("above_ceiling"),
    _fen("prior_selfpay"),
    _fen("in_scope"),
    _fen("deductible"),
    _fen("pool"),
    Column("ratio", String(8), nullable=False),
    _fen("large_amount"),
    _fen("major_illness"),
    _fen("civil_servants"),
    _fen("enterprise"),
    _fen("assistance"),
    _fen("other"),
    _fen("fund_total"),
    _fen("personal"),
    _fen("account"),
    _fen("cash"),
    _fen("hospital"),
    _fen("balance_after"),
    Column("details", Text, nullable=False),
    Column("movements", Text, nullable=False),
    Column("answered", Text, nullable=False),  # setlinfo and setldetail as answered by a registered agency
    Column("expected", Text, nullable=False),  # the award computed here with its reasons, or the refusals
    Column("settled_how", String(10), nullable=False, default="direct"),  # direct | by_hand
    Column("clearing", String(20)),  # clearing between places that includes it; null before
    sqlite_autoincrement=True,
)
Index("settlement_batch", settlement.c.mdtrt_id, settlement.c.batch_number)
Index("settlement_day", settlement.c.setl_time)
Index("settlement_agency", settlement.c.agency_setl_id)
Index("settlement_treated", settlement.c.area, settlement.c.setl_time)

ledger = table_of(
    rows.LedgerRow,
    "ledger",
    _id(),
    Column("settlement_id", _Id, nullable=False, index=True),
    Column("account", String(20), nullable=False),
    Column("holder", String(12), nullable=False),  # area of the fund or agency, institution, or blank for the person
    Column("treated_area", String(6), nullable=False),
    Column("insured_area", String(6), nullable=False),
    _fen("amount"),
)

message = table_of(
    rows.MessageRow,
    "message",
    Column("msgid", String(30), primary_key=True),
    Column("infno", String(20), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("psn_no", String(30), nullable=False),
    Column("state", String(10), nullable=False),  # running | unknown | done | reversed
    Column("settlement_id", _Id),
    Column("answer", LargeBinary, nullable=False),
)

# Written for every message and bounded: each index would cost as much as the lookups it saves in a day.
journal = table_of(
    rows.JournalRow,
    "journal",
    _id(),
    Column("exchange", String(36), nullable=False),  # the two legs of one message share it
    Column("leg", String(10), nullable=False),  # hospital | agency
    Column("at", String(23), nullable=False),
    Column("real_at", Float, nullable=False),
    Column("infno", String(20), nullable=False),
    Column("msgid", String(60), nullable=False),
    Column("psn_no", String(30), nullable=False),
    Column("mdtrt_id", String(30), nullable=False),
    Column("institution", String(30), nullable=False),
    Column("area", String(30), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("duration_ms", Float, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
)
AGENCY_LEG = journal.c.leg == literal_column("'agency'")
"""Condition that a leg is the agency's, written with a literal for the partial index (as `record_table.LIVE`)."""
Index("journal_agency", journal.c.psn_no, sqlite_where=AGENCY_LEG, postgresql_where=AGENCY_LEG)

finding = table_of(
    rows.FindingRow,
    "finding",
    _id(),
    Column("exchange", String(36), nullable=False, index=True),
    Column("leg", String(10), nullable=False),
    Column("at", String(23), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("rule", String(60), nullable=False),
    Column("infno", String(20), nullable=False),
    Column("msgid", String(60), nullable=False),
    Column("psn_no", String(30), nullable=False),
    Column("mdtrt_id", String(30), nullable=False),
    Column("path", String(200), nullable=False),
    Column("wanted", Text, nullable=False),
    Column("got", Text, nullable=False),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("mistakes", Text, nullable=False, default=""),  # ids of likely mistakes, with a blank between
)

# What an agency's answer was judged by, so that a wrong answer can be held against the others of the same agency.
judged_answer = table_of(
    rows.JudgedAnswerRow,
    "judged_answer",
    _id(),
    Column("kind", String(10), nullable=False),  # award
    Column("area", String(6), nullable=False),
    Column("psn_no", String(30), nullable=False),
    Column("infno", String(20), nullable=False),
    Column("msgid", String(60), nullable=False),
    Column("agrees", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("answered", Text, nullable=False),
    Column("mistakes", Text, nullable=False),  # hypotheses kept for an answer that does not agree
)
Index("judged_area", judged_answer.c.area, judged_answer.c.id)

outbox = table_of(
    rows.OutboxRow,
    "outbox",
    _id(),
    Column("msgid", String(30), nullable=False, unique=True),  # as the agency sees it
    Column("area", String(6), nullable=False),
    Column("infno", String(20), nullable=False),
    # sending -> done | refused | unknown; unknown -> reversed | done (repeated) | given_up; held waits for its 2601
    Column("state", String(10), nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
    Column("origin_msgid", String(30), nullable=False, index=True),  # the hospital's
    Column("psn_no", String(30), nullable=False, index=True),
    Column("mdtrt_id", String(30), nullable=False, index=True),
    Column("subject", Text, nullable=False),  # OutboxSubject as JSON, or blank
    Column("late", Integer, nullable=False),  # 1: a fault delivers the original after its reversal
    Column("attempts", Integer, nullable=False),
    Column("next_try", Float, nullable=False),
    Column("claimed_until", Float, nullable=False),
    Column("owner", String(60), nullable=False),
    Column("last_error", Text, nullable=False),
    Column("exchange", String(36), nullable=False),
)

task = table_of(
    rows.TaskRow,
    "task",
    _id(),
    Column("role", String(20), nullable=False),
    Column("state", String(10), nullable=False),
    Column("body", Text, nullable=False),
    Column("result", Text, nullable=False),
)

NUMBERED = (registration, filing, visit, settlement, record, stored_file)
"""Tables whose ids are sent as trt_dcla_detl_sn, mdtrt_id, setl_id or file_qury_no, so that no id is used twice."""

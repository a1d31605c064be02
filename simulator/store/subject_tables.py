"""Tables of the subjects of settlements and of their charges."""

from sqlalchemy import Column, Index, String, Text

from simulator.store import rows
from simulator.store.typed_tables import ROW_ID, fen_column, id_column, table_of

subject = table_of(
    rows.SubjectRow,
    "subject",
    id_column(),
    Column("visit_id", ROW_ID, nullable=False),
    Column("kind", String(10), nullable=False),  # batch | interval
    Column("number", String(30), nullable=False),  # chrg_bchno of a batch
    Column("begins", String(10), nullable=False),  # first and, below, last day of an interval; blank for a batch
    Column("ends", String(10), nullable=False),
    Column("state", String(10), nullable=False),  # open | settled | withdrawn
    Column("disease", String(30), nullable=False),
    fen_column("total"),
    fen_column("own_purchase"),
    fen_column("above_ceiling"),
    fen_column("prior_selfpay"),
    fen_column("in_scope"),
    Column("last_fee_at", String(19), nullable=False),
    Column("settlement_id", ROW_ID),
    # The inputs and the four amounts of the last pre-settlement; blank when there was none.
    Column("preview", Text, nullable=False),
)
Index("subject_visit", subject.c.visit_id, subject.c.number)

charge = table_of(
    rows.ChargeRow,
    "charge",
    id_column(),
    Column("visit_id", ROW_ID, nullable=False),
    Column("subject_id", ROW_ID),  # null until the charge is part of an interval
    Column("serial", String(30), nullable=False),  # feedetl_sn
    Column("state", String(10), nullable=False),  # open | withdrawn
    Column("fee_at", String(19), nullable=False),
    fen_column("total"),
    fen_column("own_purchase"),
    fen_column("above_ceiling"),
    fen_column("prior_selfpay"),
    fen_column("in_scope"),
    # As sent, joined with its classification: what an agency receives as a row of feedetail (rules 15).
    Column("line", Text, nullable=False),
)
Index("charge_serial", charge.c.visit_id, charge.c.serial)
Index("charge_subject", charge.c.subject_id)

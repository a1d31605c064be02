"""Table of records that institutions upload, query and withdraw, of every declared kind."""

from sqlalchemy import Column, Index, String, Text, literal_column

from simulator.store.rows import RecordRow
from simulator.store.typed_tables import id_column, table_of

record = table_of(
    RecordRow,
    "record",
    id_column(),
    Column("kind", String(40), nullable=False),
    Column("identity", String(64), nullable=False),  # digest of the unique fields; blank where the kind has none
    Column("institution", String(12), nullable=False),
    Column("psn_no", String(30), nullable=False),  # blank unless it belongs to a person or a visit
    Column("mdtrt_id", String(30), nullable=False),  # blank unless it belongs to a visit
    Column("area", String(6), nullable=False),
    Column("state", String(10), nullable=False),  # live | withdrawn
    Column("msgid", String(30), nullable=False),
    Column("operator", String(30), nullable=False),
    Column("operator_name", String(50), nullable=False),
    Column("kept_at", String(19), nullable=False),
    Column("changed_at", String(19), nullable=False),
    Column("body", Text, nullable=False),  # as sent
    sqlite_autoincrement=True,
)

LIVE = record.c.state == literal_column("'live'")
"""Condition that a record is live.

Written with a literal, because a database uses a partial index only for a query that repeats its condition, and a
parameter does not.
"""
_IDENTIFIED = LIVE & (record.c.identity != literal_column("''"))

Index(
    "record_identity",
    *(record.c.kind, record.c.identity),
    unique=True,
    sqlite_where=_IDENTIFIED,
    postgresql_where=_IDENTIFIED,
)
Index("record_institution", record.c.kind, record.c.institution)
Index("record_person", record.c.kind, record.c.psn_no)
Index("record_visit", record.c.kind, record.c.mdtrt_id)

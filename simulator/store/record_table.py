"""The table of records: uploaded, found again and withdrawn as they came, whatever their kind."""

from sqlalchemy import Column, Index, String, Text, literal_column

from simulator.store.rows import RecordRow
from simulator.store.typed_tables import id_column, table_of

record = table_of(
    RecordRow,
    "record",
    id_column(),
    Column("kind", String(40), nullable=False),
    Column("identity", String(64), nullable=False),  # digest of what makes a duplicate; blank where nothing does
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
"""A literal, as a database finds it in a condition again: with a parameter the index below would not be used."""
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

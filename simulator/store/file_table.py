"""The table of files that institutions uploaded."""

from sqlalchemy import BigInteger, Column, LargeBinary, String

from simulator.store import rows
from simulator.store.typed_tables import id_column, table_of

# Read whole by its number only: the bytes of a file are never looked through.
stored_file = table_of(
    rows.StoredFileRow,
    "stored_file",
    id_column(),
    Column("institution", String(12), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("uploaded_at", String(19), nullable=False),
    Column("until", String(19), nullable=False),
    sqlite_autoincrement=True,
)

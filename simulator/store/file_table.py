"""Table of the files that institutions uploaded by 9101."""

from sqlalchemy import BigInteger, Column, LargeBinary, String

from simulator.store import rows
from simulator.store.typed_tables import id_column, table_of

# Rows are read by id only, so a large `content` never slows a scan.
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

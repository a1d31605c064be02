"""The tables as CSV that a spreadsheet opens without harm.

Spreadsheets take leading zeros from codes, read `4,1` as a date or a number, and read UTF-8 only after a byte order
mark. So the files begin with one, and a value that would be harmed is written `="01"`, which Excel, WPS and LibreOffice
show as the text 01. The folder of an edition keeps plain values: take those to write an edition of your own.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from simulator.contract.edition_folder import CODE_COLUMNS, FIELD_COLUMNS, TABLE_COLUMNS, TRANSACTION_COLUMNS
from simulator.contract.edition_rows import Edition

# Spreadsheets turn such text into numbers or dates and lose leading zeros of codes.
_HARMED = re.compile(r"[0-9.,+-]+(?:[eE][0-9+-]+)?\Z")
# A cell that begins so is run as a formula when the file is opened.
_FORMULA = ("=", "+", "-", "@", "\t")


def safe(value: str) -> str:
    """A cell that stays what it is: numbers as text, and nothing that a spreadsheet would compute."""
    if _HARMED.match(value):
        return f'="{value}"'
    return f"'{value}" if value.startswith(_FORMULA) else value


def sheets_of(edition: Edition) -> dict[str, bytes]:
    """File names and their content."""
    fields = [[getattr(row, column) for column in FIELD_COLUMNS] for row in edition.fields]
    transactions = [[getattr(known, name) for name in TRANSACTION_COLUMNS] for known in edition.transactions.values()]
    tables = [
        [known.table, known.title_zh, "Y" if known.printed else "N", known.source, known.note]
        for known in edition.tables.values()
    ]
    codes = [[table, code, name] for table, known in edition.codes.items() for code, name in known.items()]
    return {
        "transactions.csv": _sheet(TRANSACTION_COLUMNS, transactions),
        "fields.csv": _sheet(FIELD_COLUMNS, fields),
        "code_tables.csv": _sheet(TABLE_COLUMNS, tables),
        "codes.csv": _sheet(CODE_COLUMNS[:3], codes),
    }


def _sheet(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([safe(str(cell)) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()

"""Declared transactions, without code of their own: upload, withdrawal and query of records, and queries of tables.

Each is an entry of `declarations.yaml`; `declarations.schema.json` describes its columns.
"""

from simulator.transactions.declarative.serving import serve
from simulator.transactions.declarative.specification import DECLARED

serve(DECLARED)

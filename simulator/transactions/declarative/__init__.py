"""Transactions that have no code of their own: records kept, withdrawn and found again, and queries of tables.

Each is an entry of `declarations.yaml`; the meaning of its columns stands in `declarations.schema.json`.
"""

from simulator.transactions.declarative.serving import serve
from simulator.transactions.declarative.specification import DECLARED

serve(DECLARED)

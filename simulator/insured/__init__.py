"""The insured place: decides entitlement and awards, and keeps the books of its people.

Handlers take and answer messages of the agency protocol (docs/agency-protocol.md) as parsed JSON. The platform calls
them inside its own unit of work for every area without a registered agency; the reference agency serves them over HTTP
with a store of its own. Both speak one protocol, and neither knows the tables of the other.
"""

from simulator.domain.transaction_table import TRANSACTIONS, check_registered
from simulator.insured import grants, person_queries, reconciliation_day, reversal, settlement  # noqa: F401 (registers the answers)
from simulator.insured.place import HANDLERS, Answered, Asked, Place, answer

check_registered("insured place", HANDLERS, (infno for infno, traits in TRANSACTIONS.items() if traits.forwarded))

__all__ = ["HANDLERS", "Answered", "Asked", "Place", "answer"]

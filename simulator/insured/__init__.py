"""The insured place: it decides who is paid what, and keeps the books of its people.

Its handlers take the messages of the agency protocol (docs/agency-protocol.md) as parsed JSON and answer the same way.
The platform calls them inside its own unit of work for every area that no real agency answers for; the reference agency
puts HTTP and a store of its own around them. So both speak one protocol, and neither knows the other's tables.
"""

from simulator.domain.transaction_table import TRANSACTIONS, check_registered
from simulator.insured import grants, person_queries, reconciliation_day, reversal, settlement  # noqa: F401 (registers the answers)
from simulator.insured.place import HANDLERS, Answered, Asked, Place, answer

check_registered("insured place", HANDLERS, (infno for infno, traits in TRANSACTIONS.items() if traits.forwarded))

__all__ = ["HANDLERS", "Answered", "Asked", "Place", "answer"]

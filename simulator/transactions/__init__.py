"""Handlers of the transactions on the platform, one module for each family.

A handler takes the checked input and the call, and returns the output (Kept), or a message to the insured place that
decides first (Ask).
"""

import simulator.transactions.charges
import simulator.transactions.declarative
import simulator.transactions.dictionary
import simulator.transactions.files
import simulator.transactions.grants
import simulator.transactions.person_queries
import simulator.transactions.reversal
import simulator.transactions.session
import simulator.transactions.settlement
import simulator.transactions.stay_charges
import simulator.transactions.stay_settlement
import simulator.transactions.stays
import simulator.transactions.visits  # noqa: F401 (each import registers a family)
from simulator.domain.transaction_table import TRANSACTIONS, check_registered
from simulator.transactions.registry import HANDLERS, Ask, Call, Kept, Transaction

check_registered("transactions", HANDLERS, (infno for infno, traits in TRANSACTIONS.items() if traits.depth))

__all__ = ["HANDLERS", "Ask", "Call", "Kept", "Transaction"]

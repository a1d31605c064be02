"""Editions of the interface as tables, compiled to JSON Schema, and everything that is said of a message by them.

A leaf of the product: it knows no server, no store and no person; the harness reads its exported schemas only.
"""

from simulator.contract.breaches import ContractBreach
from simulator.contract.contract import Contract, contract_of
from simulator.contract.edition_folder import shipped_names
from simulator.contract.edition_rows import Edition, FieldRow, TransactionRow
from simulator.contract.editions import load_edition

__all__ = [
    "Contract",
    "ContractBreach",
    "Edition",
    "FieldRow",
    "TransactionRow",
    "contract_of",
    "load_edition",
    "shipped_names",
]

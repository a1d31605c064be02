"""Editions of the interface as tables, compiled to JSON Schema, and everything that is said of a message by them.

A leaf of the product: it knows no server, no store and no person; the harness reads its exported schemas only.
"""

from simulator.contract.contract import Contract, contract_of
from simulator.contract.editions import load_edition
from simulator.contract.faults import Fault
from simulator.contract.folder import shipped_names
from simulator.contract.rows import Edition, FieldRow, Transaction

__all__ = [
    "Contract",
    "Edition",
    "Fault",
    "FieldRow",
    "Transaction",
    "contract_of",
    "load_edition",
    "shipped_names",
]

"""Coverage by examples: transactions known to each edition, and valid examples of both directions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.contract.contract import Contract, contract_of
from simulator.contract.example import example
from simulator.contract.layout import LOCAL

EDITIONS = ("national", "hunan-1.3", "jiangxi-1.0", "observed")


@dataclass(frozen=True, slots=True)
class Covered:
    """Coverage of a transaction: state in each edition (`tables`, `listed` or blank), and editions with an example."""

    infno: str
    name_zh: str
    name_en: str
    contract: Mapping[str, str]
    examples: frozenset[str]


def covered(editions: Sequence[str] = EDITIONS) -> list[Covered]:
    """Every transaction that one of the editions names, by number."""
    contracts = {name: contract_of(name) for name in editions}
    known = {infno for contract in contracts.values() for infno in contract.edition.transactions}
    return [_row(infno, contracts) for infno in sorted(known)]


def _row(infno: str, contracts: Mapping[str, Contract]) -> Covered:
    known = {name: contract.edition.transactions.get(infno) for name, contract in contracts.items()}
    states = {name: transaction.state if transaction else "" for name, transaction in known.items()}
    named = next(transaction for transaction in known.values() if transaction)
    examples = {name for name, state in states.items() if state == "tables" and has_example(contracts[name], infno)}
    return Covered(infno, named.name_zh, named.name_en, states, frozenset(examples))


def has_example(contract: Contract, infno: str) -> bool:
    """True where the examples of both directions pass the validator."""
    return all(
        not contract.judge(infno, direction, LOCAL, example(contract, infno, direction)) for direction in ("in", "out")
    )

"""Families of transactions that defects tell apart."""

from simulator.domain.transaction_table import Family, traits_of
from simulator.insured.place import Asked


def settles(asked: Asked) -> bool:
    """True for a settlement."""
    return traits_of(asked.infno).family == Family.SETTLEMENT


def previews(asked: Asked) -> bool:
    """True for a pre-settlement."""
    return traits_of(asked.infno).family == Family.PRE_SETTLEMENT


def cancels(asked: Asked) -> bool:
    """True for the cancellation of a settlement."""
    return traits_of(asked.infno).family == Family.CANCELLATION


def reverses(asked: Asked) -> bool:
    """True for the reversal of a message."""
    return traits_of(asked.infno).family == Family.REVERSAL


def of_family(asked: Asked, family: str) -> bool:
    """True for a transaction of this family of the table."""
    return traits_of(asked.infno).family == family

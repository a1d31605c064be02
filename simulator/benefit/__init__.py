"""Benefit engine: the shares of funds, account and person in a bill, with reasons, from dated rules as data.

`award` does no IO, asks no clock, knows no wire field and no store. Only PolicyBook opens files, once, at start.
Amounts are fen, ratios Decimal of 0-1 with four decimals at most.
"""

from simulator.benefit.city import City
from simulator.benefit.claim import KINDS, Accumulated, ChargeScope, Claim, Dates
from simulator.benefit.engine import award
from simulator.benefit.examples import failing_examples
from simulator.benefit.explain import AwardStep, explain
from simulator.benefit.figures import Rules
from simulator.benefit.outcome import Award, FundShare
from simulator.benefit.policy_book import PolicyBook
from simulator.benefit.terms import Disease
from simulator.benefit.trace import trace_of

__all__ = [
    "KINDS",
    "Accumulated",
    "Award",
    "AwardStep",
    "ChargeScope",
    "City",
    "Claim",
    "Dates",
    "Disease",
    "FundShare",
    "PolicyBook",
    "Rules",
    "award",
    "explain",
    "failing_examples",
    "trace_of",
]

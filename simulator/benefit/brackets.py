"""The pool's payment where its ratio goes by brackets of the amount in scope of a period."""

from collections.abc import Sequence

from simulator.benefit.claim import ChargeScope
from simulator.benefit.terms import half_up_unit

Steps = Sequence[tuple[int, int]]
"""(threshold in fen, ratio in ten-thousandths), rising from 0."""


def bracketed_payment(
    charges: Sequence[ChargeScope], deductible_left: int, steps: Steps, before: int
) -> tuple[int, int]:
    """The deductible taken, and the pool's payment before any cap, each charge half-up to the fen.

    The amounts in scope of the period lie one after the other from 0, `before` those of earlier batches; the deductible
    takes from the first, a charge is worth what it adds, and a negative line gives back what it had added.
    """
    running = taken = worth = paid = 0
    for charge in charges:
        running += charge.in_scope
        taken = min(deductible_left, max(0, running))
        reaches = _worth(steps, before + running) - _worth(steps, before + taken)
        paid += half_up_unit(reaches - worth)
        worth = reaches
    return taken, paid


def reached(steps: Steps, amount: int) -> int:
    """The index of the step in which the last fen of an amount lies."""
    return max((index for index, (above, _) in enumerate(steps) if above < amount), default=0)


def _worth(steps: Steps, amount: int) -> int:
    """Ten-thousandths of a fen that the amounts from 0 to `amount` are worth; below 0 the first ratio goes on."""
    if amount < 0:
        return amount * steps[0][1]
    worth = 0
    for index, (above, ratio) in enumerate(steps):
        end = steps[index + 1][0] if index + 1 < len(steps) else amount
        worth += max(0, min(amount, end) - above) * ratio
    return worth

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
    takes from the first, a charge is paid what it adds, and a negative line gives back what it had added.
    """
    running = taken = 0
    amounts, shares = [charge.in_scope for charge in charges], []
    for amount in amounts:
        running += amount
        shares.append(min(deductible_left, max(0, running)) - taken)
        taken += shares[-1]
    return taken, sum(map(half_up_unit, bracketed_worths(amounts, shares, steps, before)))


def bracketed_worths(amounts: Sequence[int], shares: Sequence[int], steps: Steps, before: int) -> list[int]:
    """Amounts that charges add to the payment, ten-thousandths of a fen, each less its share of the deductible."""
    running = taken = payable = 0
    worths = []
    for amount, share in zip(amounts, shares, strict=True):
        running, taken = running + amount, taken + share
        grown = _payable(steps, before + running) - _payable(steps, before + taken)
        worths.append(grown - payable)
        payable = grown
    return worths


def parts_by_bracket(steps: Steps, begins: int, ends: int) -> list[tuple[int, int]]:
    """The amounts from `begins` to `ends`, fen, by the bracket that they lie in: (fen, ten-thousandths)."""
    if begins < 0 or ends < begins:
        return [(ends - begins, steps[0][1])]
    tops = [above for above, _ in steps[1:]] + [ends]
    parts = [
        (max(0, min(ends, top) - max(begins, above)), ratio) for (above, ratio), top in zip(steps, tops, strict=True)
    ]
    return [part for part in parts if part[0]]


def bracket_of(steps: Steps, amount: int) -> int:
    """The index of the step in which the last fen of an amount lies."""
    return max((index for index, (above, _) in enumerate(steps) if above < amount), default=0)


def _payable(steps: Steps, amount: int) -> int:
    """Payment on the amounts from 0 to `amount`, ten-thousandths of a fen; below 0 the first ratio goes on."""
    if amount < 0:
        return amount * steps[0][1]
    payable = 0
    for index, (above, ratio) in enumerate(steps):
        end = steps[index + 1][0] if index + 1 < len(steps) else amount
        payable += max(0, min(amount, end) - above) * ratio
    return payable

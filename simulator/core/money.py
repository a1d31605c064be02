"""Money as integer fen, ratios as Decimal, and the only rounding (rules 1).

Amounts are `int` fen everywhere inside; yuan appears only where a message, a file or a page is read or written.
"""

from decimal import ROUND_HALF_UP, Context, Decimal

# 16,2 is the widest amount that the interface prints (spec: fields of type N 16,2).
LARGEST_FEN = 10**16 - 1
_CENT = Decimal("0.01")
_RATIO = Decimal("0.0001")
_EXACT = Context(prec=60)
_PLAINLY = 16
"""Characters of an amount that cannot be wider than 16,2."""


class NotAnAmount(ValueError):
    """Value that cannot be an amount: not a number, more than two decimals, or wider than 16,2."""


def to_fen(value: Decimal | int | str) -> int:
    """Fen of an amount in yuan.

    Raises NotAnAmount for more than two decimals, for anything wider than 16,2 and for what is no number.
    """
    number = value if value.__class__ is Decimal else _number(value)
    # As most amounts are written, 12.30: their digits are the fen, which costs half of what the arithmetic does.
    written = str(number)
    if written[-3:-2] == "." and len(written) <= _PLAINLY:
        return int(written[:-3] + written[-2:])
    # adjusted() before any arithmetic: 1E+999999999 must not be written out.
    if not number.is_finite() or number.adjusted() > 13:
        raise NotAnAmount(f"not within 16,2: {value!r}")
    fen = number.scaleb(2, _EXACT)
    whole = int(fen)
    if whole != fen:
        raise NotAnAmount(f"more than two decimals: {value!r}")
    return whole


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        raise NotAnAmount(f"not an amount: {value!r}")
    try:
        return Decimal(value)
    except ArithmeticError:
        raise NotAnAmount(f"not a number: {value!r}") from None


def yuan(fen: int) -> Decimal:
    """Yuan with exactly two decimals, for a message or a page."""
    return Decimal(fen).scaleb(-2, _EXACT)


def half_up(value: Decimal) -> int:
    """The nearest integer; a half goes away from zero (rules 1: half-up rounds the absolute value)."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=_EXACT))


def part_of(fen: int, ratio: Decimal) -> int:
    """`fen` times `ratio`, half-up to the fen."""
    return half_up(_EXACT.multiply(Decimal(fen), ratio))


def to_ratio(value: Decimal) -> Decimal:
    """A ratio of 0-1 half-up to four decimals, as `pool_prop_selfpay` shows it (rules 3)."""
    return value.quantize(_RATIO, rounding=ROUND_HALF_UP, context=_EXACT)

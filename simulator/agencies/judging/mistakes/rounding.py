"""Roundings of agencies: a worth in parts, such as ten-thousandths of a fen, to whole units."""

from collections.abc import Callable, Mapping

from simulator.benefit.terms import RATIO_UNIT

Rounding = Callable[[int, int], int]
"""Worth in parts and the number of parts in a unit, to units."""
UNITS: Mapping[str, int] = {"fen": 1, "jiao": 10, "yuan": 100}
"""Fen in each unit that agencies round to."""


def _half_up(worth: int, parts: int) -> int:
    fen = (2 * abs(worth) + parts) // (2 * parts)
    return fen if worth >= 0 else -fen


def _half_even(worth: int, parts: int) -> int:
    whole, rest = divmod(worth, parts)
    return whole + (2 * rest > parts or (2 * rest == parts and whole % 2 == 1))


def _half_down(worth: int, parts: int) -> int:
    fen = (2 * abs(worth) + parts - 1) // (2 * parts)
    return fen if worth >= 0 else -fen


def _truncated(worth: int, parts: int) -> int:
    fen = abs(worth) // parts
    return fen if worth >= 0 else -fen


def _up(worth: int, parts: int) -> int:
    fen = -(-abs(worth) // parts)
    return fen if worth >= 0 else -fen


_ROUNDINGS: Mapping[str, Rounding] = {
    "half_up": _half_up,
    "half_even": _half_even,
    "half_down": _half_down,
    "truncated": _truncated,
    "up": _up,
}


def rounded(worth: int, habit: str, unit: str = "fen") -> int:
    """A worth in ten-thousandths of a fen, rounded to a unit in the way of a habit; fen."""
    return _ROUNDINGS[habit](worth, RATIO_UNIT * UNITS[unit]) * UNITS[unit]

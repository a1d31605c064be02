"""Roundings of agencies: ten-thousandths of a fen to fen."""

from collections.abc import Callable, Mapping

from simulator.benefit.terms import RATIO_UNIT, half_up_unit


def _half_even(worth: int) -> int:
    whole, rest = divmod(worth, RATIO_UNIT)
    return whole + (2 * rest > RATIO_UNIT or (2 * rest == RATIO_UNIT and whole % 2 == 1))


def _half_down(worth: int) -> int:
    fen = (2 * abs(worth) + RATIO_UNIT - 1) // (2 * RATIO_UNIT)
    return fen if worth >= 0 else -fen


def _truncated(worth: int) -> int:
    fen = abs(worth) // RATIO_UNIT
    return fen if worth >= 0 else -fen


def _up(worth: int) -> int:
    fen = -(-abs(worth) // RATIO_UNIT)
    return fen if worth >= 0 else -fen


ROUNDINGS: Mapping[str, Callable[[int], int]] = {
    "half_up": half_up_unit,
    "half_even": _half_even,
    "half_down": _half_down,
    "truncated": _truncated,
    "up": _up,
}

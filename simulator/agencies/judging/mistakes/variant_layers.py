"""Payments of the layers in the habits of an agency."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from simulator.agencies.judging.mistakes.question import FigureSource, Question
from simulator.agencies.judging.mistakes.rounding import rounded
from simulator.benefit.figures import LayerFigures
from simulator.benefit.terms import PAID_AND_BASE, RATIO_UNIT, Terms, ten_thousandths


def paid_by_layers(question: Question, ratio: Decimal, cut: int, own_scope: int, unpaid: int) -> dict[str, int]:
    """Payment of each layer, fen.

    `cut` fell above the annual cap, `own_scope` is the own share in scope, `unpaid` what the pool left of the bill.
    """
    paid: dict[str, int] = {}
    remaining = own_scope
    for rows in _layers(question):
        layer = rows[0]
        base = _base(question, layer, ratio, cut, own_scope, remaining, unpaid - sum(paid.values()), paid)
        payment = sum(_payable(question, row, base) for row in rows)
        paid[layer.fund] = max(0, min(payment, remaining))
        remaining -= paid[layer.fund]
    return paid


def _layers(question: Question) -> list[list[LayerFigures]]:
    """Figures of each layer in the order in which they pay; several rows where identities are added up."""
    habits = question.habits
    claim, rules = question.sources.get("layers", FigureSource(question.claim, question.rules))
    layers = [[each] for each in rules.figures(claim).layers if each.fund != habits.ignored_layer]
    if habits.identities != "best":
        layers = [_of_identities(question, layer[0]) for layer in layers]
    return sorted(layers, key=lambda rows: rows[0].fund != habits.first_layer)


def _of_identities(question: Question, layer: LayerFigures) -> list[LayerFigures]:
    """Rows of a layer for identities in the habit's way: all of them, or the lowest alone."""
    claim = question.claim
    if layer.fund != "assistance" or len(claim.identities) < 2:
        return [layer]
    found = []
    for kind in claim.identities:
        alone = question.rules.figures(replace(claim, identities=(kind,))).layers
        found += [each for each in alone if each.fund == layer.fund and each.terms is not None]
    if not found:
        return [layer]
    if question.habits.identities == "added_up":
        return found
    return [min(found, key=lambda each: each.terms.top_ratio if each.terms else 0)]


def _base(
    question: Question, layer: LayerFigures, ratio: Decimal, cut: int, own_scope: int, remaining: int, unpaid: int,
    paid: dict[str, int],
) -> int:  # fmt: skip
    fund, other = question.habits.other_base
    base = other if fund == layer.fund else layer.base
    by = ten_thousandths(ratio)
    if base == "above_cap_scope":
        return (2 * cut * RATIO_UNIT + by) // (2 * by) if cut and by else 0
    return {
        "above_cap_pay": cut,
        "own_scope": own_scope,
        "own_share": own_scope - paid.get("large_amount", 0),
        "everything_unpaid": unpaid,
    }.get(base, remaining)


def _payable(question: Question, layer: LayerFigures, base: int) -> int:
    """Payment on the part of the year's base that this settlement adds, before what is left of the own share."""
    terms: Terms | None = layer.terms
    if terms is None:
        return 0
    habits, accumulated = question.habits, question.accumulated
    kinds: Sequence[str] = PAID_AND_BASE.get(layer.fund, ())
    of_visit = habits.line_of_visit == layer.fund
    before = accumulated.get((kinds[1], ""), 0) if kinds and not of_visit else 0
    payment = rounded(terms.payable(before + base) - terms.payable(before), habits.layer_rounding)
    if terms.cap is not None and kinds and habits.layer_caps == "applied":
        payment = min(payment, max(0, terms.cap - accumulated.get((kinds[0], ""), 0)))
    return payment

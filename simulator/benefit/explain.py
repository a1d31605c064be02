"""The reasons of an award, sentence by sentence, made from the facts that the engine kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from simulator.benefit.claim import LOCAL, ORDINARY, Claim
from simulator.benefit.figures import Figures, LayerFigures, cap_of
from simulator.benefit.rows import Row
from simulator.benefit.terms import PAID_AND_BASE
from simulator.money import to_ratio, yuan
from simulator.texts import Text, join, plain, text


@dataclass(frozen=True, slots=True)
class Step:
    """One reason: the rule, its figure as the file writes it, where that comes from, and what it changed.

    `before` and `after` are fen (int) or a ratio (Decimal); None where the step only states something.
    """

    rule: str
    sentence: Text
    value: str
    source: str
    reference: str
    before: int | Decimal | None = None
    after: int | Decimal | None = None

    def as_json(self) -> dict[str, object]:
        """For a page or a control call: amounts in yuan, both languages."""
        return {
            "rule": self.rule,
            "sentence": self.sentence.as_json(),
            "value": self.value,
            "source": self.source,
            "reference": self.reference,
            "before": _written(self.before),
            "after": _written(self.after),
        }


class LayerTrace(NamedTuple):
    """What one layer had before it and what it did."""

    figures: LayerFigures
    base: int
    base_before: int
    """Of the year, before this batch."""
    left: int | None
    """Under its cap."""
    remaining: int
    """Own share in scope before this layer."""
    uncapped: int
    paid: int


class Scopes(NamedTuple):
    """The sums of the batch, named as in the award."""

    total: int
    own_purchase: int
    above_ceiling: int
    prior_selfpay: int
    in_scope: int


class PoolTrace(NamedTuple):
    """What the pool pays, and what was left under its two caps; None is no cap."""

    before_caps: int
    after_disease_cap: int
    paid: int
    disease_left: int | None
    annual_left: int | None

    @property
    def excess(self) -> int:
        return self.before_caps - self.after_disease_cap

    @property
    def cut(self) -> int:
        return self.after_disease_cap - self.paid


class Trace(NamedTuple):
    """The facts behind the reasons, in the order in which the engine found them."""

    claim: Claim
    figures: Figures
    scopes: Scopes
    line_left: int
    deductible: int
    pool: PoolTrace
    layers: tuple[LayerTrace, ...]
    personal: int
    account_limit: int
    account: int


def explain(trace: Trace) -> tuple[Step, ...]:
    """The reasons in the order in which they were applied."""
    return (
        _scope(trace),
        _deductible(trace),
        *_ratio(trace),
        _pool(trace),
        *_caps(trace),
        *(_layer(layer) for layer in trace.layers),
        *_account(trace),
        _result(trace),
    )


def _scope(trace: Trace) -> Step:
    scopes = trace.scopes
    sentence = text(
        "benefit.scope",
        total=yuan(scopes.total),
        own=yuan(scopes.own_purchase),
        above=yuan(scopes.above_ceiling),
        prior=yuan(scopes.prior_selfpay),
        scope=yuan(scopes.in_scope),
    )
    return Step("scope", sentence, str(yuan(scopes.in_scope)), "", "", scopes.total, scopes.in_scope)


def _deductible(trace: Trace) -> Step:
    row, in_scope = trace.figures.deductible, trace.scopes.in_scope
    per = text("benefit.per_disease" if trace.figures.per_disease else "benefit.per_year")
    if row is None:
        sentence = text("benefit.ended", rule=text("benefit.deductible_name"))
    else:
        used = yuan(row.value - trace.line_left)
        sentence = text("benefit.deductible", line=row.shown, per=per, used=used, taken=yuan(trace.deductible))
    return _step("deductible", sentence, row, in_scope, in_scope - trace.deductible)


def _ratio(trace: Trace) -> Iterator[Step]:
    claim, figures, row = trace.claim, trace.figures, trace.figures.ratio_row
    case = join(
        [
            text(f"benefit.category_{claim.category}"),
            text(f"benefit.level_{claim.hospital_level}"),
            plain(figures.disease) if figures.disease else text(f"benefit.{ORDINARY}"),
        ]
    )
    yield _step("ratio", text("benefit.ratio", ratio=row.shown, case=case), row, None, to_ratio(row.value))
    if claim.treated == LOCAL:
        return
    group = text(f"benefit.group_{figures.group}")
    if len(claim.groups) > 1:
        listed = join([text(f"benefit.group_{name}") for name in claim.groups])
        yield Step("filing", text("benefit.best_group", groups=listed, group=group), figures.group, "", "")
    plain_ratio = to_ratio(row.value)
    if figures.modifier is None:
        sentence = text("benefit.ended", rule=text("benefit.modifier_name"))
    elif figures.ratio == plain_ratio:
        sentence = text("benefit.modifier_keeps", group=group)
    else:
        sentence = text(f"benefit.modifier_{figures.modifier.value.how}", group=group, by=figures.modifier.value.by)
    yield _step("modifier", sentence, figures.modifier, plain_ratio, figures.ratio)


def _pool(trace: Trace) -> Step:
    above_line, ratio, paid = trace.scopes.in_scope - trace.deductible, trace.figures.ratio, trace.pool.before_caps
    sentence = text("benefit.pool", amount=yuan(above_line), ratio=ratio, paid=yuan(paid))
    # No source of its own: a quoted ratio that an invented modifier changed is not a quoted one any more.
    return Step("pool", sentence, str(ratio), "", "", above_line, paid)


def _caps(trace: Trace) -> Iterator[Step]:
    figures = trace.figures
    if figures.disease:
        yield _cap(
            "disease_cap",
            figures.disease_cap,
            trace.pool.disease_left,
            trace.pool.before_caps,
            trace.pool.after_disease_cap,
        )
        excess = trace.pool.excess
        if excess:
            key = "benefit.excess_person" if figures.shut_out else "benefit.excess_layers"
            yield _step("above_disease_cap", text(key, excess=yuan(excess)), figures.excess_row, excess, excess)
    yield _cap("annual_cap", figures.annual_cap, trace.pool.annual_left, trace.pool.after_disease_cap, trace.pool.paid)


def _cap(rule: str, row: Row | None, left: int | None, before: int, after: int) -> Step:
    name, cap = text(f"benefit.{rule}_name"), cap_of(row)
    if row is None:
        sentence = text("benefit.ended", rule=name)
    elif cap is None or left is None:
        sentence = text("benefit.no_cap", rule=name)
    else:
        sentence = text("benefit.cap", rule=name, cap=yuan(cap), used=yuan(cap - left), left=yuan(left))
        outcome = text("benefit.cap_cuts", cut=yuan(before - after)) if after < before else text("benefit.cap_holds")
        sentence = join([sentence, outcome], zh="；", en="; ")
    return _step(rule, sentence, row, before, after)


def _layer(layer: LayerTrace) -> Step:
    figures = layer.figures
    fund = text(f"benefit.fund_{figures.fund}")
    rule = f"layers.{figures.fund}"
    if figures.terms is None:
        sentence = text("benefit.layer_ended" if figures.ended else "benefit.layer_no_figures", fund=fund)
        return _step(rule, sentence, figures.row, layer.remaining, layer.remaining)
    base = text(f"benefit.base_{figures.base}")
    parts = [text("benefit.layer", fund=fund, base=base, amount=yuan(layer.base))]
    if figures.fund in PAID_AND_BASE and (figures.terms.line or len(figures.terms.brackets) > 1):
        year = yuan(layer.base_before + layer.base)
        parts.append(text("benefit.layer_line", line=yuan(figures.terms.line), year=year))
    if layer.left is not None and layer.left < layer.uncapped:
        parts.append(text("benefit.layer_capped", left=yuan(layer.left)))
    if layer.remaining < min(layer.uncapped, layer.uncapped if layer.left is None else layer.left):
        parts.append(text("benefit.layer_bounded", remaining=yuan(layer.remaining)))
    parts.append(text("benefit.layer_paid", paid=yuan(layer.paid)))
    return _step(rule, join(parts, zh="；", en="; "), figures.row, layer.remaining, layer.remaining - layer.paid)


def _account(trace: Trace) -> Iterator[Step]:
    claim, pays, elsewhere = trace.claim, trace.figures.account_pays, trace.figures.account_elsewhere
    if not claim.account_used:
        return
    balance, after = claim.account_balance, claim.account_balance - trace.account
    if claim.treated != LOCAL and not (elsewhere and elsewhere.value):
        yield _step("account_elsewhere", text("benefit.account_not_elsewhere"), elsewhere, balance, after)
        return
    word = pays.value if pays else "nothing"
    sentence = text(
        "benefit.account",
        what=text(f"benefit.account_{word}"),
        limit=yuan(max(0, trace.account_limit)),
        balance=yuan(balance),
        paid=yuan(trace.account),
    )
    yield _step("account_pays", sentence, pays, balance, after)


def _result(trace: Trace) -> Step:
    total = trace.scopes.total
    sentence = text(
        "benefit.result",
        total=yuan(total),
        funds=yuan(total - trace.personal),
        personal=yuan(trace.personal),
        account=yuan(trace.account),
        cash=yuan(trace.personal - trace.account),
    )
    return Step("result", sentence, str(yuan(trace.personal)), "", "", total, trace.personal)


def _step(
    rule: str, sentence: Text, row: Row | None, before: int | Decimal | None, after: int | Decimal | None
) -> Step:
    if row is None:
        return Step(rule, sentence, "", "", "", before, after)
    return Step(rule, sentence, row.shown, row.source, row.reference, before, after)


def _written(value: int | Decimal | None) -> str | None:
    if value is None:
        return None
    return str(yuan(value)) if isinstance(value, int) else str(value)

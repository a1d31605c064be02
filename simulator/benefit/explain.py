"""The reasons of an award, sentence by sentence, made from the facts that the engine kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from simulator.benefit.claim import ORDINARY, WAIVED
from simulator.benefit.terms import PAID_AND_BASE
from simulator.benefit.trace import LayerTrace, StatedFigure, Trace
from simulator.core.money import yuan
from simulator.core.texts import Text, join, plain, text
from simulator.domain.care import OUTPATIENT
from simulator.domain.places import LOCAL, PROVINCE


@dataclass(frozen=True, slots=True)
class AwardStep:
    """Reason of an award: the rule, its figure as the file writes it, its source, and the amount before and after.

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


def explain(trace: Trace) -> tuple[AwardStep, ...]:
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


def _scope(trace: Trace) -> AwardStep:
    scopes = trace.scopes
    sentence = text(
        "benefit.scope",
        total=yuan(scopes.total),
        own=yuan(scopes.own_purchase),
        above=yuan(scopes.above_ceiling),
        prior=yuan(scopes.prior_selfpay),
        scope=yuan(scopes.in_scope),
    )
    return AwardStep("scope", sentence, str(yuan(scopes.in_scope)), "", "", scopes.total, scopes.in_scope)


def _deductible(trace: Trace) -> AwardStep:
    stated, in_scope = trace.facts.deductible, trace.scopes.in_scope
    facts = trace.facts
    per = text("benefit.per_disease" if facts.per_disease else f"benefit.per_{facts.deductible_period}")
    if facts.visit_number:
        per = text("benefit.per_visit_number", period=per, number=facts.visit_number)
    if stated is None:
        sentence = text("benefit.ended", rule=text("benefit.deductible_name"))
    else:
        used = yuan(facts.line - trace.deductible_left)
        line = yuan(facts.line) if facts.lines else stated.shown
        sentence = text("benefit.deductible", line=line, per=per, used=used, taken=yuan(trace.deductible))
    return _step("deductible", sentence, stated, in_scope, in_scope - trace.deductible)


def _ratio(trace: Trace) -> Iterator[AwardStep]:
    facts = trace.facts
    case = join(
        [
            text(f"benefit.category_{facts.category}"),
            text(f"benefit.level_{facts.hospital_level}"),
            plain(facts.disease) if facts.disease else text(_care_name(facts.care)),
        ]
    )
    sentence = text("benefit.ratio", ratio=facts.ratio_said.shown, case=case)
    yield _step("ratio", sentence, facts.ratio_said, None, facts.plain_ratio)
    if facts.treated == LOCAL:
        return
    group = text(f"benefit.group_{facts.group}")
    if len(facts.groups) > 1:
        listed = join([text(f"benefit.group_{name}") for name in facts.groups])
        yield AwardStep("filing", text("benefit.best_group", groups=listed, group=group), facts.group, "", "")
    # Traces kept before there were scopes say only that it was elsewhere.
    where = text("benefit.treated_province" if facts.treated == PROVINCE else "benefit.treated_elsewhere")
    if facts.group == WAIVED:
        sentence = text("benefit.filing_waived", where=where)
    elif facts.modifier is None:
        sentence = text("benefit.ended", rule=text("benefit.modifier_name"))
    elif facts.ratio == facts.plain_ratio:
        sentence = text("benefit.modifier_keeps", where=where, group=group)
    else:
        sentence = text(f"benefit.modifier_{facts.modifier_how}", where=where, group=group, by=facts.modifier_by)
    yield _step("modifier", sentence, facts.modifier, facts.plain_ratio, facts.ratio)


def _pool(trace: Trace) -> AwardStep:
    above_line, ratio, paid = trace.scopes.in_scope - trace.deductible, trace.facts.ratio, trace.pool.before_caps
    key = "benefit.pool_brackets" if trace.facts.bracketed else "benefit.pool"
    sentence = text(key, amount=yuan(above_line), ratio=ratio, paid=yuan(paid))
    # No source of its own: a quoted ratio that an invented modifier changed is not a quoted one any more.
    return AwardStep("pool", sentence, str(ratio), "", "", above_line, paid)


def _caps(trace: Trace) -> Iterator[AwardStep]:
    facts, pool = trace.facts, trace.pool
    if facts.disease:
        name = text("benefit.disease_cap_name", period=text(f"benefit.period_{facts.disease_cap_period}"))
        of_disease = facts.disease_cap, facts.disease_cap_fen, pool.disease_left
        yield _cap("disease_cap", name, *of_disease, pool.before_caps, pool.after_disease_cap)
    if facts.care_cap is not None:
        period = text(f"benefit.period_{facts.care_cap_period}")
        name = text("benefit.care_cap_name", care=text(_care_name(facts.care_cap_under)), period=period)
        of_care = facts.care_cap, facts.care_cap_fen, pool.care_left
        yield _cap("care_cap", name, *of_care, pool.after_disease_cap, pool.after_care_cap)
    if facts.visit_limit is not None:
        sentence = text(
            "benefit.visit_limit",
            period=text(f"benefit.period_{facts.visit_limit_period}"),
            limit=facts.visit_limit.shown,
            before=facts.visits_before,
        )
        cut = text("benefit.visit_limit_cuts", cut=yuan(pool.cut_by_visit_limit))
        outcome = cut if facts.above_visit_limit else text("benefit.visit_limit_holds")
        limited = join([sentence, outcome], zh="", en="")
        yield _step("visit_limit", limited, facts.visit_limit, pool.after_care_cap, pool.after_visit_limit)
    if pool.excess:
        key = "benefit.excess_person" if facts.shut_out else "benefit.excess_layers"
        limit = text(f"benefit.limit_of_{_cutting(trace)}")
        sentence = text(key, limit=limit, excess=yuan(pool.excess))
        yield _step("above_disease_cap", sentence, facts.excess, pool.excess, pool.excess)
    of_year = facts.annual_cap, facts.annual_cap_fen, pool.annual_left
    yield _cap("annual_cap", text("benefit.annual_cap_name"), *of_year, pool.after_visit_limit, pool.paid)


def _cutting(trace: Trace) -> str:
    """The limit that is named for the amount above it; the last one that cut."""
    if trace.pool.cut_by_visit_limit:
        return "visits"
    return "care" if trace.pool.cut_by_care_cap else "disease"


def _care_name(care: str) -> str:
    # Traces kept before there were kinds of care say only that no disease was billed.
    return f"benefit.care_{care}" if care and care != OUTPATIENT else f"benefit.{ORDINARY}"


def _cap(
    rule: str, name: Text, stated: StatedFigure | None, cap: int | None, left: int | None, before: int, after: int
) -> AwardStep:
    if stated is None:
        sentence = text("benefit.ended", rule=name)
    elif cap is None or left is None:
        sentence = text("benefit.no_cap", rule=name)
    else:
        sentence = text("benefit.cap", rule=name, cap=yuan(cap), used=yuan(cap - left), left=yuan(left))
        outcome = text("benefit.cap_cuts", cut=yuan(before - after)) if after < before else text("benefit.cap_holds")
        sentence = join([sentence, outcome], zh="；", en="; ")
    return _step(rule, sentence, stated, before, after)


def _layer(layer: LayerTrace) -> AwardStep:
    facts = layer.facts
    fund = text(f"benefit.fund_{facts.fund}")
    rule = f"layers.{facts.fund}"
    if facts.line is None:
        sentence = text("benefit.layer_ended" if facts.ended else "benefit.layer_no_figures", fund=fund)
        return _step(rule, sentence, facts.stated, layer.remaining, layer.remaining)
    base = text(f"benefit.base_{facts.base}")
    parts = [text("benefit.layer", fund=fund, base=base, amount=yuan(layer.base))]
    if facts.fund in PAID_AND_BASE and (facts.line or facts.brackets > 1):
        year = yuan(layer.base_before + layer.base)
        parts.append(text("benefit.layer_line", line=yuan(facts.line), year=year))
    if layer.left is not None and layer.left < layer.uncapped:
        parts.append(text("benefit.layer_capped", left=yuan(layer.left)))
    if layer.remaining < min(layer.uncapped, layer.uncapped if layer.left is None else layer.left):
        parts.append(text("benefit.layer_bounded", remaining=yuan(layer.remaining)))
    parts.append(text("benefit.layer_paid", paid=yuan(layer.paid)))
    return _step(rule, join(parts, zh="；", en="; "), facts.stated, layer.remaining, layer.remaining - layer.paid)


def _account(trace: Trace) -> Iterator[AwardStep]:
    facts = trace.facts
    if not trace.account_used:
        return
    balance, after = trace.account_balance, trace.account_balance - trace.account
    if facts.treated != LOCAL and not facts.account_open_elsewhere:
        sentence = text("benefit.account_not_elsewhere")
        yield _step("account_elsewhere", sentence, facts.account_elsewhere, balance, after)
        return
    sentence = text(
        "benefit.account",
        what=text(f"benefit.account_{facts.account_word}"),
        limit=yuan(max(0, trace.account_limit)),
        balance=yuan(balance),
        paid=yuan(trace.account),
    )
    yield _step("account_pays", sentence, facts.account_pays, balance, after)


def _result(trace: Trace) -> AwardStep:
    total = trace.scopes.total
    sentence = text(
        "benefit.result",
        total=yuan(total),
        funds=yuan(total - trace.personal),
        personal=yuan(trace.personal),
        account=yuan(trace.account),
        cash=yuan(trace.personal - trace.account),
    )
    return AwardStep("result", sentence, str(yuan(trace.personal)), "", "", total, trace.personal)


def _step(
    rule: str, sentence: Text, stated: StatedFigure | None, before: int | Decimal | None, after: int | Decimal | None
) -> AwardStep:
    return AwardStep(rule, sentence, *(stated or ("", "", "")), before, after)


def _written(value: int | Decimal | None) -> str | None:
    if value is None:
        return None
    return str(yuan(value)) if isinstance(value, int) else str(value)

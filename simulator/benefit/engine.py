"""The award of one batch, by the rules of the insured place.

Whole numbers throughout: fen times a ratio of four decimals is exact in ten-thousandths of a fen, and is rounded where
the rules say so and nowhere else. The reasons are kept as facts and become sentences when they are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from simulator.benefit.accumulation import AccumulatorKeys
from simulator.benefit.brackets import bracket_of, bracketed_payment
from simulator.benefit.claim import DEDUCTIBLE, IN_SCOPE, POOL_PAID, Accumulated, ChargeScope, Claim
from simulator.benefit.figures import Figures, LayerFigures, Rules
from simulator.benefit.outcome import Award, FundShare
from simulator.benefit.terms import FUNDS, PAID_AND_BASE, RATIO_UNIT, half_up_unit, ten_thousandths
from simulator.benefit.trace import AwardFacts, LayerTrace, PoolTrace, Scopes, Trace
from simulator.core.errors import Refusal
from simulator.core.texts import text
from simulator.domain.accumulators import ONE_VISIT, VISITS
from simulator.domain.places import LOCAL


def award(claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    """The shares of each fund, the account and the person in the batch.

    `accumulated` holds the year of `rules.accrual_day(claim.dates)` and the insurance of the claim. Raises
    PolicyGap where the rules are silent, and Refusal for an unlisted disease, for a person without a filing where the
    place refuses them, and for charges whose parts do not add up.
    """
    figures = rules.figures(claim)
    scopes = _scopes(claim.charges)
    day = rules.accrual_day(claim.dates)
    keys = figures.accumulator_keys(claim, day)
    facts = figures.facts_of_visit(keys, accumulated)
    deductible_left = facts.line - min(facts.line, max(0, accumulated.get((DEDUCTIBLE, keys.deductible), 0)))
    facts, deductible, before_caps = _before_caps(claim, figures, facts, keys, deductible_left, accumulated)
    pool = _capped(facts, keys, before_caps, accumulated)
    shut_out = pool.excess if facts.shut_out else 0
    layers = _layers(figures, ten_thousandths(facts.ratio), pool, scopes.in_scope - pool.paid - shut_out, accumulated)
    paid = dict.fromkeys(FUNDS, 0) | {layer.facts.fund: layer.paid for layer in layers}
    fund_total = pool.paid + sum(paid.values())
    personal = scopes.total - fund_total
    payable = _account_limit(claim, facts, personal, scopes.own_purchase, scopes.in_scope - fund_total)
    account = max(0, min(claim.account_balance, payable, personal))
    return Award(
        **scopes._asdict(),
        **paid,
        deductible=deductible,
        pool=pool.paid,
        ratio=facts.ratio,
        fund_total=fund_total,
        personal=personal,
        account=account,
        cash=personal - account,
        hospital=0,
        balance_after=claim.account_balance - account,
        group=facts.group,
        disease=facts.disease,
        year=day.year,
        details=(*_details(pool, scopes, layers), *_account_row(account, personal, claim.account_balance)),
        movements=_movements(
            keys, facts.disease, {DEDUCTIBLE: deductible, POOL_PAID: pool.paid, IN_SCOPE: scopes.in_scope}, layers
        ),
        accumulated_under=keys.accumulated_under,
        counted_under=keys.counted_under,
        trace=Trace(
            facts=facts,
            account_used=claim.account_used,
            account_balance=claim.account_balance,
            scopes=scopes,
            deductible_left=deductible_left,
            deductible=deductible,
            pool=pool,
            layers=layers,
            personal=personal,
            account_limit=payable,
            account=account,
        ),
    )


def _scopes(charges: Sequence[ChargeScope]) -> Scopes:
    total = own_purchase = above_ceiling = prior_selfpay = in_scope = 0
    for charge in charges:
        total += charge.total
        own_purchase += charge.own_purchase
        above_ceiling += charge.above_ceiling
        prior_selfpay += charge.prior_selfpay
        in_scope += charge.in_scope
    if total != own_purchase + above_ceiling + prior_selfpay + in_scope:
        raise Refusal("parts_of_charges", text("benefit.parts"))
    return Scopes(total, own_purchase, above_ceiling, prior_selfpay, in_scope)


def _before_caps(
    claim: Claim,
    figures: Figures,
    facts: AwardFacts,
    keys: AccumulatorKeys,
    deductible_left: int,
    accumulated: Accumulated,
) -> tuple[AwardFacts, int, int]:
    """The facts with the ratio reached, the deductible taken and the pool's payment before any cap, fen."""
    if not facts.bracketed:
        return facts, *_pool_payment(claim.charges, deductible_left, figures.steps[0][1])
    before = accumulated.get((IN_SCOPE, keys.brackets), 0)
    in_scope = sum(charge.in_scope for charge in claim.charges)
    plain, used = figures.ratios[bracket_of(figures.steps, before + in_scope)]
    deductible, paid = bracketed_payment(claim.charges, deductible_left, figures.steps, before)
    return replace(facts, plain_ratio=plain, ratio=used), deductible, paid


def _pool_payment(charges: Sequence[ChargeScope], deductible_left: int, ratio: int) -> tuple[int, int]:
    """The deductible taken, and the pool's payment before any cap, each charge half-up to the fen (rules 1, 2).

    The deductible follows the running sum in scope: D(k) = min(left, max(0, sum)), a charge bears D(k) − D(k−1), so
    that a negative line gives back what its positive line had used up and D never exceeds the amount in scope *(ours)*.
    """
    running = taken = paid = 0
    for charge in charges:
        amount = charge.in_scope
        if taken < deductible_left or amount < 0:
            running += amount
            upto = min(deductible_left, max(0, running))
            amount -= upto - taken
            taken = upto
        else:
            running += amount
        worth = amount * ratio
        paid += (2 * worth + RATIO_UNIT) // (2 * RATIO_UNIT) if worth >= 0 else half_up_unit(worth)
    return taken, paid


def _capped(facts: AwardFacts, keys: AccumulatorKeys, before: int, accumulated: Accumulated) -> PoolTrace:
    """The cap of the disease first, then that of the care, the limit of visits, and the overall cap (rules 4, 39)."""
    disease_left = _left(facts.disease_cap_fen, keys.disease_cap, accumulated)
    care_left = _left(facts.care_cap_fen, keys.care_cap, accumulated)
    annual_left = _left(facts.annual_cap_fen, "", accumulated)
    after_disease = before if disease_left is None else min(before, disease_left)
    after_care = after_disease if care_left is None else min(after_disease, care_left)
    within = min(after_care, 0) if facts.above_visit_limit else after_care
    paid = within if annual_left is None else min(within, annual_left)
    cuts = after_disease - after_care, after_care - within
    return PoolTrace(before, after_disease, paid, disease_left, annual_left, care_left, *cuts)


def _left(cap: int | None, word: str, accumulated: Accumulated) -> int | None:
    return None if cap is None else max(0, cap - accumulated.get((POOL_PAID, word), 0))


def _layers(
    figures: Figures, ratio: int, pool: PoolTrace, own_scope: int, accumulated: Accumulated
) -> tuple[LayerTrace, ...]:
    """Each layer in its order pays on its base; none pays more than the own share in scope still left *(ours)*."""
    remaining = own_scope
    large_amount = 0
    found: list[LayerTrace] = []
    for layer in figures.layers:
        if layer.base == "above_cap_scope":
            base = (2 * pool.cut * RATIO_UNIT + ratio) // (2 * ratio) if pool.cut else 0
        elif layer.base == "above_cap_pay":
            base = pool.cut
        elif layer.base == "own_scope":
            base = own_scope
        elif layer.base == "own_share":
            base = own_scope - large_amount
        else:
            base = remaining
        traced = _layer(layer, base, remaining, accumulated)
        found.append(traced)
        remaining -= traced.paid
        if layer.fund == "large_amount":
            large_amount = traced.paid
    return tuple(found)


def _layer(layer: LayerFigures, base: int, remaining: int, accumulated: Accumulated) -> LayerTrace:
    """Pays on the part of the year's base above its line that this batch adds, rounded once (rules 1, 6)."""
    kinds = PAID_AND_BASE.get(layer.fund)
    base_before = accumulated.get((kinds[1], ""), 0) if kinds else 0
    if layer.terms is None:
        return LayerTrace(layer.facts, base, base_before, None, remaining, 0, 0)
    worth = layer.terms.payable(base_before + base) - layer.terms.payable(base_before)
    uncapped = half_up_unit(worth)
    left: int | None = None
    payable = uncapped
    if layer.terms.cap is not None and kinds:
        left = max(0, layer.terms.cap - accumulated.get((kinds[0], ""), 0))
        payable = min(payable, left)
    return LayerTrace(layer.facts, base, base_before, left, remaining, uncapped, max(0, min(payable, remaining)))


def _account_limit(claim: Claim, facts: AwardFacts, personal: int, own_purchase: int, own_in_scope: int) -> int:
    if not claim.account_used or (claim.treated != LOCAL and not facts.account_open_elsewhere):
        return 0
    return {"all": personal, "not_own": personal - own_purchase, "in_scope": own_in_scope}.get(facts.account_word, 0)


def _details(pool: PoolTrace, scopes: Scopes, layers: Sequence[LayerTrace]) -> list[FundShare]:
    """A row for the pool and a row for each layer that pays (rules 20)."""
    limits = [left for left in (pool.disease_left, pool.care_left, pool.annual_left) if left is not None]
    rows = [FundShare("pool", scopes.in_scope, min(limits, default=None), pool.paid)]
    return rows + [FundShare(layer.facts.fund, layer.base, layer.left, layer.paid) for layer in layers if layer.paid]


def _account_row(account: int, personal: int, balance: int) -> list[FundShare]:
    return [FundShare("account", personal, balance, account)] if account else []


def _movements(
    keys: AccumulatorKeys, disease: str, amounts: Mapping[str, int], layers: Sequence[LayerTrace]
) -> Mapping[tuple[str, str], int]:
    """Amounts to book: deductible, pool and brackets under their keys, layers overall and by disease; no zeros."""
    booked = {(kind, under): amounts[kind] for kind, each in keys.accumulated_under.items() for under in each}
    booked |= {(VISITS, under): ONE_VISIT for under in keys.counted_under}
    codes = ("", disease) if disease else ("",)
    for layer in layers:
        kinds = PAID_AND_BASE.get(layer.facts.fund)
        if kinds:
            booked |= {(kinds[0], code): layer.paid for code in codes}
            booked |= {(kinds[1], code): layer.base for code in codes}
    return {key: fen for key, fen in booked.items() if fen}

"""Defects of the pool's payment: deductible, ratio, rounding, parts of the bill, whose figures are taken."""

from collections.abc import Callable
from dataclasses import replace

from simulator.agencies.reference.defects.overlays import overlays_award
from simulator.agencies.reference.defects.resettling import resettled
from simulator.benefit import Accumulated, Award, ChargeScope, Claim, Rules
from simulator.benefit.claim import DEDUCTIBLE
from simulator.benefit.terms import RATIO_UNIT, ten_thousandths
from simulator.domain.care import OUTPATIENT
from simulator.domain.places import LOCAL
from simulator.insured.place import BenefitEngine

_NEVER_LEFT = 10**12
"""Fen that no deductible exceeds."""


@overlays_award
def deductible_ignored(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(claim, rules, {**accumulated, **_deductibles(claim, rules, _NEVER_LEFT)})


@overlays_award
def deductible_per_visit(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(claim, rules, {key: fen for key, fen in accumulated.items() if key[0] != DEDUCTIBLE})


@overlays_award
def deductible_per_disease(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    taken = accumulated.get((DEDUCTIBLE, rules.mapped(claim.disease)), 0)
    return sound(claim, rules, {**accumulated, (DEDUCTIBLE, ""): taken})


@overlays_award
def deductible_after_ratio(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    given = sound(claim, rules, accumulated)
    if not given.deductible:
        return given
    whole = sum(_half_up(charge.in_scope * ten_thousandths(given.ratio)) for charge in claim.charges)
    return resettled(given, pool=max(0, whole - given.deductible))


@overlays_award
def deductible_taken_last(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(replace(claim, charges=claim.charges[::-1]), rules, accumulated)


@overlays_award
def rounded_on_total(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    whole = ChargeScope(*map(sum, zip(*map(_parts, claim.charges), strict=True)))
    return sound(replace(claim, charges=(whole,)), rules, accumulated)


@overlays_award
def rounded_half_even(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return _rounded(sound(claim, rules, accumulated), claim, _half_even)


@overlays_award
def rounded_down(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return _rounded(sound(claim, rules, accumulated), claim, lambda worth: worth // RATIO_UNIT)


@overlays_award
def rounded_to_jiao(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    given = sound(claim, rules, accumulated)
    return resettled(given, pool=(given.pool + 5) // 10 * 10)


@overlays_award
def category_taken_as_employed(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    category = "employed" if claim.category == "retired" else claim.category
    return sound(replace(claim, category=category), rules, accumulated)


@overlays_award
def level_taken_as_tertiary(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(replace(claim, hospital_level="tertiary"), rules, accumulated)


@overlays_award
def level_taken_as_primary(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(replace(claim, hospital_level="primary"), rules, accumulated)


@overlays_award
def disease_taken_as_ordinary(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(replace(claim, disease="", care=OUTPATIENT), rules, accumulated)


@overlays_award
def treated_as_at_home(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(replace(claim, treated=LOCAL, groups=()), rules, accumulated)


@overlays_award
def filing_not_looked_up(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(replace(claim, groups=()), rules, accumulated)


@overlays_award
def referral_as_long_term(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    groups = tuple("long_term_resident" if group == "referral" else group for group in claim.groups)
    return sound(replace(claim, groups=groups), rules, accumulated)


@overlays_award
def long_term_as_referral(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    lasting = ("resettled_retiree", "long_term_resident", "stationed_worker")
    groups = tuple("referral" if group in lasting else group for group in claim.groups)
    return sound(replace(claim, groups=groups), rules, accumulated)


@overlays_award
def emergency_as_unfiled(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    groups = tuple(group for group in claim.groups if group != "emergency")
    return sound(replace(claim, groups=groups), rules, accumulated)


@overlays_award
def prior_selfpay_in_scope(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return _paid_on(
        sound,
        claim,
        rules,
        accumulated,
        lambda each: replace(each, prior_selfpay=0, in_scope=each.in_scope + each.prior_selfpay),
    )


@overlays_award
def above_ceiling_in_scope(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return _paid_on(
        sound,
        claim,
        rules,
        accumulated,
        lambda each: replace(each, above_ceiling=0, in_scope=each.in_scope + each.above_ceiling),
    )


@overlays_award
def own_purchase_in_scope(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return _paid_on(
        sound,
        claim,
        rules,
        accumulated,
        lambda each: replace(each, own_purchase=0, in_scope=each.in_scope + each.own_purchase),
    )


@overlays_award
def negative_charges_dropped(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return _paid_on(
        sound, claim, rules, accumulated, lambda each: each if each.total >= 0 else ChargeScope(0, 0, 0, 0, 0)
    )


@overlays_award
def negative_charges_made_positive(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return _paid_on(sound, claim, rules, accumulated, lambda each: ChargeScope(*map(abs, _parts(each))))


def _paid_on(
    sound: BenefitEngine,
    claim: Claim,
    rules: Rules,
    accumulated: Accumulated,
    change: Callable[[ChargeScope], ChargeScope],
) -> Award:
    """Award whose pool pays on changed charges and whose bill is shown as it was."""
    given = sound(claim, rules, accumulated)
    other = sound(replace(claim, charges=tuple(map(change, claim.charges))), rules, accumulated)
    return resettled(given, pool=min(other.pool, given.total))


def _parts(charge: ChargeScope) -> tuple[int, int, int, int, int]:
    return (charge.total, charge.own_purchase, charge.above_ceiling, charge.prior_selfpay, charge.in_scope)


def _deductibles(claim: Claim, rules: Rules, taken: int) -> dict[tuple[str, str], int]:
    keys = rules.figures(claim).accumulator_keys(claim, rules.accrual_day(claim.dates))
    return {(DEDUCTIBLE, keys.deductible): taken}


def _rounded(given: Award, claim: Claim, to_fen: Callable[[int], int]) -> Award:
    """Award whose charges are rounded by `to_fen`, from ten-thousandths of a fen; an award cut by a cap stays."""
    pool = given.trace.pool
    if pool.before_caps != pool.paid:
        return given
    left, paid, ratio = given.deductible, 0, ten_thousandths(given.ratio)
    for charge in claim.charges:
        borne = max(0, min(left, charge.in_scope))
        left -= borne
        paid += to_fen((charge.in_scope - borne) * ratio)
    return resettled(given, pool=paid)


def _half_up(worth: int) -> int:
    fen = (2 * abs(worth) + RATIO_UNIT) // (2 * RATIO_UNIT)
    return fen if worth >= 0 else -fen


def _half_even(worth: int) -> int:
    fen, rest = divmod(worth, RATIO_UNIT)
    return fen + (2 * rest > RATIO_UNIT or (2 * rest == RATIO_UNIT and fen % 2 == 1))

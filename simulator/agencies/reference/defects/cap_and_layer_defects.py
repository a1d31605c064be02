"""Defects of caps, of the layers above the pool, and of the personal account's share."""

from dataclasses import replace

from simulator.agencies.reference.defects.overlays import overlays_award
from simulator.agencies.reference.defects.resettling import resettled
from simulator.benefit import Accumulated, Award, Claim, Rules
from simulator.benefit.claim import POOL_PAID
from simulator.benefit.terms import half_up_unit, ten_thousandths
from simulator.insured.place import BenefitEngine

_NOTHING_PAID_YET = -(10**12)
"""Fen below any payment, so that no cap is reached."""
_MONTHS = 12


@overlays_award
def disease_cap_ignored(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    word = rules.figures(claim).accumulator_keys(claim, rules.accrual_day(claim.dates)).disease_cap
    return sound(claim, rules, {**accumulated, (POOL_PAID, word): _NOTHING_PAID_YET} if word else accumulated)


@overlays_award
def annual_cap_ignored(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(claim, rules, {**accumulated, (POOL_PAID, ""): _NOTHING_PAID_YET})


@overlays_award
def caps_ignored(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    paid = {key: _NOTHING_PAID_YET for key in accumulated if key[0] == POOL_PAID}
    return sound(claim, rules, {**accumulated, **paid})


@overlays_award
def disease_cap_by_month(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    figures = rules.figures(claim)
    cap = figures.facts.disease_cap_fen
    if cap is None:
        return sound(claim, rules, accumulated)
    word = figures.accumulator_keys(claim, rules.accrual_day(claim.dates)).disease_cap
    # A twelfth of the cap is left for the month, whatever other months have paid.
    return sound(claim, rules, {**accumulated, (POOL_PAID, word): cap - cap // _MONTHS})


@overlays_award
def disease_cap_counts_other_diseases(
    sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated
) -> Award:
    word = rules.figures(claim).accumulator_keys(claim, rules.accrual_day(claim.dates)).disease_cap
    return sound(claim, rules, {**accumulated, (POOL_PAID, word): accumulated.get((POOL_PAID, ""), 0)})


@overlays_award
def nothing_had_accrued(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(claim, rules, {})


@overlays_award
def large_amount_not_paid(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return resettled(sound(claim, rules, accumulated), large_amount=0)


@overlays_award
def large_amount_on_the_cut(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    given = sound(claim, rules, accumulated)
    if not given.large_amount:
        return given
    # The cut over the ratio is the amount in scope above the cap; this agency leaves the division out.
    return resettled(given, large_amount=half_up_unit(given.large_amount * ten_thousandths(given.ratio)))


@overlays_award
def major_illness_not_paid(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return resettled(sound(claim, rules, accumulated), major_illness=0)


@overlays_award
def major_illness_line_per_visit(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(claim, rules, {key: fen for key, fen in accumulated.items() if key[0] != "MIBS"})


@overlays_award
def supplement_not_paid(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(replace(claim, civil_servant=False), rules, accumulated)


@overlays_award
def supplement_for_everybody(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(replace(claim, civil_servant=True), rules, accumulated)


@overlays_award
def assistance_not_paid(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(replace(claim, identities=()), rules, accumulated)


@overlays_award
def layers_exchanged(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    given = sound(claim, rules, accumulated)
    return resettled(given, major_illness=given.large_amount, large_amount=given.major_illness)


@overlays_award
def account_always_used(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(replace(claim, account_used=True), rules, accumulated)


@overlays_award
def account_never_used(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return sound(replace(claim, account_used=False), rules, accumulated)


@overlays_award
def account_pays_in_scope_only(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    given = sound(claim, rules, accumulated)
    return resettled(given, account=max(0, min(given.account, given.in_scope - given.fund_total)))


@overlays_award
def account_inside_the_funds(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    given = sound(claim, rules, accumulated)
    return replace(given, fund_total=given.fund_total + given.account)


@overlays_award
def account_told_as_before(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    return replace(sound(claim, rules, accumulated), balance_after=claim.account_balance)


@overlays_award
def account_beyond_its_balance(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    given = sound(claim, rules, accumulated)
    if not claim.account_balance:
        return given
    return resettled(given, account=max(0, min(given.trace.account_limit, given.personal)))


@overlays_award
def hospital_bears_above_ceiling(sound: BenefitEngine, claim: Claim, rules: Rules, accumulated: Accumulated) -> Award:
    given = sound(claim, rules, accumulated)
    return resettled(replace(given, hospital=given.above_ceiling))

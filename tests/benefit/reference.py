"""The split of a batch computed once more from the printed rules, in fractions, without the product's engine."""

from collections.abc import Mapping
from fractions import Fraction
from math import floor

from simulator.benefit import Claim
from tests.benefit.worlds import SUB_CODES, LayerPlan, Plan

BOOKS = {
    "large_amount": ("HIOB", "OBBS"),
    "major_illness": ("HIMI", "MIBS"),
    "civil_servants": ("CVLS", "CVBS"),
    "assistance": ("MAFP", "MFBS"),
}


def half_up(value: Fraction) -> int:
    whole = floor(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def recompute(plan: Plan, claim: Claim, year: Mapping[tuple[str, str], int]) -> dict[str, object]:
    """The award by rules 1-8 as a dict of amounts, ratio and movements."""
    disease = SUB_CODES.get(claim.disease, claim.disease)
    ratio = ratio_of(plan, claim, disease)
    scope = [charge.in_scope for charge in claim.charges]
    borne = disease if plan.per_disease else ""
    line, others = plan.line, year.get(("VSTS", ""), 0) // 100
    if plan.lines_by_visit:
        borne += f"//V{claim.visit}"
        line = [*plan.lines_by_visit, *[plan.lines_by_visit[-1]] * others][others]
    deductible, uncapped = above_the_line(line, scope, ratio, year.get(("DEDC", borne), 0))
    within, pool = under_the_caps(plan, disease, uncapped, year)
    own = sum(scope) - pool - (uncapped - within if plan.shut_out else 0)
    paid, moved = layers_of(plan, claim, own, within - pool, ratio, year)
    moved |= {"HIFP": pool} if plan.lines_by_visit else {"DEDC": deductible, "HIFP": pool}
    alone = {("DEDC", borne): deductible} if plan.lines_by_visit else {}
    if plan.lines_by_visit or plan.visit_limit is not None:
        alone["VSTS", ""] = 100
    personal = sum(charge.total for charge in claim.charges) - pool - sum(paid.values())
    return {
        "deductible": deductible,
        "ratio": ratio,
        "pool": pool,
        **{fund: paid.get(fund, 0) for fund in (*BOOKS, "enterprise", "other")},
        "personal": personal,
        "account": account_of(plan, claim, personal, sum(scope) - pool - sum(paid.values())),
        "movements": {(kind, code): amount for kind, amount in moved.items() if amount for code in {"", disease}}
        | {key: amount for key, amount in alone.items() if amount},
    }


def above_the_line(line: int, scope: list[int], ratio: Fraction, used: int) -> tuple[int, int]:
    """Rules 1 and 2; with negative lines the deductible follows the running sum."""
    left = max(0, line - max(0, used))
    taken_after = [min(left, max(0, sum(scope[: n + 1]))) for n in range(len(scope))]
    shares = [after - before for before, after in zip([0, *taken_after], taken_after, strict=False)]
    return sum(shares), sum(half_up((amount - share) * ratio) for amount, share in zip(scope, shares, strict=True))


def under_the_caps(plan: Plan, disease: str, pool: int, year: Mapping[tuple[str, str], int]) -> tuple[int, int]:
    """Rule 4: what the pool would pay under the disease cap, and what it pays under both."""
    limit = plan.disease_caps["M07800" if disease == "M07800" else "any"] if disease else None
    within = pool if limit is None else min(pool, max(0, limit - year.get(("HIFP", disease), 0)))
    if plan.visit_limit is not None and year.get(("VSTS", ""), 0) >= 100 * plan.visit_limit:
        within = 0
    if plan.annual_cap is None:
        return within, within
    return within, min(within, max(0, plan.annual_cap - year.get(("HIFP", ""), 0)))


def layers_of(
    plan: Plan, claim: Claim, own: int, cut: int, ratio: Fraction, year: Mapping[tuple[str, str], int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Rules 5 to 7: what each layer pays, and what it books."""
    paid: dict[str, int] = {}
    moved: dict[str, int] = {}
    for layer in plan.layers:
        terms = terms_of(layer, claim)
        if terms is None:
            continue
        brackets, limit = terms
        base = {
            "above_cap_scope": half_up(cut / ratio) if cut else 0,
            "above_cap_pay": cut,
            "own_scope": own,
            "remaining": own - sum(paid.values()),
            "own_share": own - paid.get("large_amount", 0),
        }[layer.base]
        kinds = BOOKS.get(layer.fund)
        before = year.get((kinds[1], ""), 0) if kinds else 0
        pays = half_up(worth(brackets, before + base) - worth(brackets, before))
        if limit is not None and kinds:
            pays = min(pays, max(0, limit - year.get((kinds[0], ""), 0)))
        paid[layer.fund] = max(0, min(pays, own - sum(paid.values())))
        if kinds:
            moved |= {kinds[0]: paid[layer.fund], kinds[1]: base}
    return paid, moved


def account_of(plan: Plan, claim: Claim, personal: int, own_in_scope: int) -> int:
    """Rule 8."""
    if not claim.account_used or (claim.treated != "local" and not plan.remote):
        return 0
    own_purchase = sum(charge.own_purchase for charge in claim.charges)
    may = {"all": personal, "not_own": personal - own_purchase, "in_scope": own_in_scope, "nothing": 0}
    return max(0, min(claim.account_balance, may[plan.account_pays], personal))


def ratio_of(plan: Plan, claim: Claim, disease: str) -> Fraction:
    """Rule 3: the most specific row, the best filing group's modifier, four decimals."""
    fitting = [
        (named, (category is not None) + (level is not None), value)
        for named, category, level, value in plan.ratios
        if named == disease or (named == "any" and disease) or (named == "ordinary" and not disease)
        if category in (None, claim.category) and level in (None, claim.hospital_level)
    ]
    row = max(fitting, key=lambda fit: (fit[0] != "any", fit[1]))[2]
    if claim.treated == "local":
        return row
    ways = [plan.modifiers[group] for group in claim.groups or ("unfiled",)]
    modified = [max(Fraction(0), {"minus": row - by, "times": row * by, "set": by}[how]) for how, by in ways]
    return max(Fraction(half_up(value * 10000), 10000) for value in modified)


def terms_of(layer: LayerPlan, claim: Claim) -> tuple[tuple[tuple[int, Fraction], ...], int | None] | None:
    """The brackets and cap that a layer has for this person, or None when it is not for them (rule 7)."""
    if layer.who == "civil_servants" and not claim.civil_servant:
        return None
    if layer.who != "identities":
        return layer.brackets, layer.cap
    if not layer.by_identity:
        return ((), None) if claim.identities else None
    held = [layer.by_identity[kind] for kind in claim.identities if kind in layer.by_identity]
    if not held:
        return None
    line, ratio, limit = max(held, key=lambda terms: terms[1])
    return ((line, ratio),), limit


def worth(brackets: tuple[tuple[int, Fraction], ...], base: int) -> Fraction:
    """What a year's base is worth: each ratio on the part between its threshold and the next."""
    if not brackets:
        return Fraction(0)
    ends = [above for above, _ in brackets[1:]] + [max(base, brackets[-1][0])]
    return sum(
        (max(0, min(base, end) - above) * ratio for (above, ratio), end in zip(brackets, ends, strict=True)),
        Fraction(0),
    )

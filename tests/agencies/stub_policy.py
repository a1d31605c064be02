"""The figures of 七台河 and the arithmetic of rules 1-14 in fractions: the stub agency's own, not the product's.

`mistakes` makes it wrong on purpose, one rule at a time.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

PROVINCES_OF_TWO_DIGITS = ("11", "12", "31", "50", "46", "54", "66")
CLASS_OF = {"M07803": "M07800", "M07804": "M07800", "M00503": "M00500", "M00504": "M00500"}
RATIOS = {
    ("M07800", "employed"): "0.85", ("M07800", "retired"): "0.90", ("M07800", "resident"): "0.70",
    ("M00500", "employed"): "0.80", ("M00500", "retired"): "0.85", ("M00500", "resident"): "0.65",
    ("M08300", "employed"): "0.85", ("M08300", "retired"): "0.90", ("M08300", "resident"): "0.70",
    ("", "employed"): "0.50", ("", "retired"): "0.60", ("", "resident"): "0.40",
}  # fmt: skip
CAPS = {
    ("M07800", "310"): 60_000, ("M00500", "310"): 80_000, ("M08300", "310"): 100_000,
    ("M07800", "390"): 40_000, ("M00500", "390"): 50_000, ("M08300", "390"): 60_000,
}  # fmt: skip
DEDUCTIBLE = {"310": 500_00, "390": 300_00}
ANNUAL_CAP = {"310": 400_000_00, "390": 200_000_00}
MODIFIERS = {"unfiled": "0.20", "temporary": "0.10", "referral": "0.05"}
IDENTITY_RATIO = {"subsistence_allowance": Fraction("0.70")}


def fen(value: Any) -> int:
    return int(Decimal(str(value or 0)) * 100)


def yuan(amount: int) -> float:
    return round(amount / 100, 2)


def half_up(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * int(abs(value) + Fraction(1, 2))


def covers(place: str, area: str) -> bool:
    return area.startswith(place[:2] if place[:2] in PROVINCES_OF_TWO_DIGITS else place[:4])


def in_force(entry: dict[str, Any], day: str) -> bool:
    return entry["from"] <= day and not (entry.get("to") and entry["to"] < day)


def split(
    person: dict[str, Any],
    body: dict[str, Any],
    disease: str,
    ratio: Fraction,
    held: dict[tuple[str, str], int],
    mistakes: frozenset[str],
) -> dict[str, Any]:
    """What each fund, the account and the person pay for the batch, fen; `held` is what accrued this year."""
    data = body["data"]
    insutype = data["insutype"]
    scopes = [fen(row["inscp_scp_amt"]) for row in body["feedetail"]]
    used = 0 if "deductible_twice" in mistakes else held["DEDC", ""]
    deductible, pool = pool_payment(scopes, max(0, DEDUCTIBLE[insutype] - used), ratio, mistakes)
    capped = pool
    if disease and "cap_ignored" not in mistakes:
        capped = min(pool, max(0, CAPS[disease, insutype] * 100 - held["HIFP", disease]))
    paid = min(capped, max(0, ANNUAL_CAP[insutype] - held["HIFP", ""]))
    # What exceeds the disease's cap is the person's and feeds no layer.
    own = sum(scopes) - paid - (pool - capped)
    found = {"scope": sum(scopes), "ratio": ratio, "deductible": deductible, "pool": paid}
    found |= layers(person, insutype, own, capped - paid, ratio, held)
    funds = paid + found["large"] + found["major"] + found["civil"] + found["assistance"]
    personal = fen(data["medfee_sumamt"]) - funds
    wants = data["acct_used_flag"] == "1" or "account_unasked" in mistakes
    account = min(fen(person.get("account_balance", 0)), personal) if wants and insutype == "310" else 0
    return found | {"total": fen(data["medfee_sumamt"]), "funds": funds, "personal": personal, "account": account}


def pool_payment(scopes: list[int], line: int, ratio: Fraction, mistakes: frozenset[str]) -> tuple[int, int]:
    """The deductible follows the running sum, so that a refund gives back what its charge had used up."""
    if "rounds_total" in mistakes:
        deductible = min(line, sum(scopes))
        return deductible, half_up((sum(scopes) - deductible) * ratio)
    running = taken = pool = 0
    for scope in scopes:
        running += scope
        upto = min(line, max(0, running))
        pool += half_up((scope - (upto - taken)) * ratio)
        taken = upto
    return taken, pool


def layers(
    person: dict[str, Any], insutype: str, own: int, cut: int, ratio: Fraction, held: dict[tuple[str, str], int]
) -> dict[str, int]:
    """大额 above the overall cap, 大病 on the year's own share, civil servants and assistance on what remains."""
    large_base = half_up(Fraction(cut) / ratio) if cut else 0
    large = min(half_up(large_base * Fraction("0.9")), own) if insutype == "310" else 0
    major_base, before = own - large, held["MIBS", ""]
    major = half_up(major_illness(before + major_base) - major_illness(before)) if insutype == "390" else 0
    left = own - large - major
    civil = half_up(left * Fraction("0.5")) if person.get("civil_servant") and insutype == "310" else 0
    assisted = [IDENTITY_RATIO[each["kind"]] for each in person.get("identities", []) if each["kind"] in IDENTITY_RATIO]
    return {
        "large": large, "large_base": large_base, "major": major, "major_base": major_base,
        "civil": civil, "civil_base": left, "assistance_base": left - civil,
        "assistance": half_up((left - civil) * max(assisted)) if assisted else 0,
    }  # fmt: skip


def major_illness(base: int) -> Fraction:
    brackets = ((15_000_00, 65_000_00, "0.60"), (65_000_00, 115_000_00, "0.65"), (115_000_00, 10**15, "0.70"))
    return sum((max(0, min(base, to) - above) * Fraction(ratio) for above, to, ratio in brackets), Fraction(0))


def ratio_of(
    person: dict[str, Any], disease: str, level: str, treated: str, day: str, mistakes: frozenset[str], *,
    home: str, emergency: bool,
) -> Fraction:  # fmt: skip
    """The row for category, disease and level, then the best of the filings, or the modifier of having none."""
    category = "employed" if "as_employed" in mistakes else person["category"]
    ratio = Fraction("0.77") if "wrong_ratio" in mistakes else Fraction(RATIOS[disease, category])
    if not disease:
        ratio += Fraction("0.1") * (level in ("05", "06", "07")) + Fraction("0.2") * (level in ("08", "09", "10"))
    if covers(home, treated):
        return ratio
    filed = [each["group"] for each in person["filings"] if in_force(each, day) and covers(each["place"], treated)]
    groups = filed + ["emergency"] * emergency
    return ratio - min((Fraction(MODIFIERS.get(each, "0")) for each in groups), default=Fraction(MODIFIERS["unfiled"]))


def movements(person: dict[str, Any], insutype: str, disease: str, found: dict[str, Any]) -> dict[tuple[str, str], int]:
    """What the settlement adds to the balances: under the disease's class and in total, zeros left out."""
    moved = {"DEDC": found["deductible"], "HIFP": found["pool"]}
    if insutype == "310":
        moved |= {"HIOB": found["large"], "OBBS": found["large_base"]}
        if person.get("civil_servant"):
            moved |= {"CVLS": found["civil"], "CVBS": found["civil_base"]}
    else:
        moved |= {"HIMI": found["major"], "MIBS": found["major_base"]}
    if any(each["kind"] in IDENTITY_RATIO for each in person.get("identities", [])):
        moved |= {"MAFP": found["assistance"], "MFBS": found["assistance_base"]}
    return {(kind, code): amount for kind, amount in moved.items() for code in {"", disease} if amount}


def reasons_against(person: dict[str, Any], insutype: str, disease: str, *, special: bool, begins: str) -> list[str]:
    """Insurance, disease on the list, registered; an unfiled person of 七台河 gets a lower ratio, not a refusal."""
    reasons = []
    if person["insutype"] != insutype or person.get("status", "normal") != "normal":
        reasons.append(f"险种 {insutype} 未正常参保")
    if special:
        mapped = CLASS_OF.get(disease, disease)
        if (mapped, "310") not in CAPS:
            reasons.append(f"病种 {disease} 不在范围内")
        same = [each for each in person["registrations"] if CLASS_OF.get(each["disease"], each["disease"]) == mapped]
        if not any(in_force(each, begins) for each in same):
            reasons.append(f"病种 {disease} 未备案")
    return reasons

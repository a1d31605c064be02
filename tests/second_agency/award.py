"""The arithmetic of section 6 and of the city file: what pool, layers and account pay of one batch. Pure; in fen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from tests.second_agency.balances import Counted, counted_by
from tests.second_agency.city import City, Row, code_for
from tests.second_agency.wire import Refusal, fen_of_text, half_up

Balances = Mapping[tuple[str, str], int]
"""Of one person, year and insurance: (kind, what it counts) to fen."""

KINDS = {
    "large_amount": ("HIOB", "OBBS"),
    "major_illness": ("HIMI", "MIBS"),
    "civil_servants": ("CVLS", "CVBS"),
    "assistance": ("MAFP", "MFBS"),
    "enterprise": ("_ENP", "_ENB"),
    "other": ("_OTP", "_OTB"),
}
"""What a layer paid and its base; 5206 has no kinds for the last two."""


@dataclass(frozen=True)
class Claim:
    """One batch as the rules see it."""

    day: str
    """The day whose figures hold."""
    insutype: str
    category: str
    level: str
    care: str
    billed: str
    """Code of the disease; empty in ordinary care."""
    disease: str
    """Class code, or `ordinary`."""
    scope: str
    """`local`, `province` or `nation`."""
    groups: Sequence[str]
    civil_servant: bool
    identities: Sequence[str]
    balance: int
    uses_account: bool
    lines: Sequence[int]
    """What is in scope of each charge, in order."""
    priors: Sequence[int]
    total: int
    own_purchase: int
    above_ceiling: int
    accrual_day: str
    """The day whose year, quarter and month the amounts count in."""
    visit: str = ""

    @property
    def elsewhere(self) -> bool:
        return self.scope != "local"

    @property
    def in_scope(self) -> int:
        return sum(self.lines)

    @property
    def case(self) -> dict[str, str]:
        named = {"insutype": self.insutype, "category": self.category, "hospital_level": self.level}
        named |= {"care": self.care, "scope": self.scope}
        return named | {"disease": self.billed or "ordinary", "class": self.disease}


@dataclass
class Award:
    ratio: Decimal = Decimal(0)
    deductible: int = 0
    pool: int = 0
    cut: int = 0
    """What fell above the overall cap."""
    shut_out: int = 0
    """What fell above the cap of the disease or of the care and is the person's."""
    room: int | None = None
    layers: dict[str, int] = field(default_factory=dict)
    bases: dict[str, int] = field(default_factory=dict)
    funds: int = 0
    hospital: int = 0
    personal: int = 0
    account: int = 0
    counted: Counted = field(default_factory=Counted)
    """What the batch counts in."""


class Rules:
    """Awards by one city's file."""

    def __init__(self, city: City, defects: frozenset[str]) -> None:
        self.city = city
        self.defects = defects

    def award(self, claim: Claim, balances: Balances) -> Award:
        row, steps = self._steps(claim)
        made = Award(ratio=steps[0][1], counted=self._counted(claim, row))
        lines = self._lines(claim)
        shares = self._deductible(claim, lines, balances, made.counted)
        made.deductible = sum(shares)
        if len(steps) > 1:
            before = balances.get(("INSC", made.counted.brackets), 0)
            made.pool = _by_brackets(lines, shares, steps, before)
            made.ratio = max((step for step in steps if step[0] < before + sum(lines)), default=steps[0])[1]
        else:
            made.pool = self._pool(lines, shares, made.ratio)
        self._cap(claim, balances, made)
        self._pay_layers(claim, balances, made, sum(lines))
        made.funds = made.pool + sum(made.layers.values())
        if "ceiling_borne_by_hospital" in self.defects:
            made.hospital = claim.above_ceiling
        made.personal = claim.total - made.funds - made.hospital
        made.account = self._account(claim, made)
        return made

    def _lines(self, claim: Claim) -> list[int]:
        lines = list(claim.lines)
        if "prior_selfpay_in_scope" in self.defects:
            lines = [line + prior for line, prior in zip(lines, claim.priors, strict=True)]
        if "negative_lines_dropped" in self.defects:
            lines = [max(0, line) for line in lines]
        if "charges_after_the_second_left_out" in self.defects:
            lines = [line if index < 2 else 0 for index, line in enumerate(lines)]
        return lines

    def _steps(self, claim: Claim) -> tuple[Row, list[tuple[int, Decimal]]]:
        """The row of the ratio, and the ratio used above each threshold; a flat one is a single step."""
        case = claim.case
        if "ratio_of_employed" in self.defects and claim.category == "retired":
            case["category"] = "employed"
        if "ratio_of_tertiary" in self.defects:
            case["hospital_level"] = "tertiary"
        if "ratio_of_other_diseases" in self.defects and claim.disease != "ordinary":
            case |= {"disease": "M02300", "class": "M02300"}
        row = self.city.row("ratio", case, claim.day)
        if row is None:
            raise Refusal("政策文件没有这种情形的支付比例")
        written = row.get("brackets") or [{"above": "0.00", "ratio": row["value"]}]
        ratios = [Decimal(each["ratio"]) for each in written]
        if claim.elsewhere and "modifiers_ignored" not in self.defects:
            modified = [[self._modified(ratio, group, claim) for ratio in ratios] for group in self._groups(claim)]
            ratios = min(modified) if "worst_filing" in self.defects else max(modified)
        places = Decimal("0.01" if "ratio_of_two_decimals" in self.defects else "0.0001")
        used = [ratio.quantize(places, rounding=ROUND_HALF_UP) for ratio in ratios]
        return row, list(zip([fen_of_text(each["above"]) for each in written], used, strict=True))

    def _groups(self, claim: Claim) -> Sequence[str]:
        """The filings that count, and `waived` where the scope asks for none."""
        row = self.city.row("unfiled", {"scope": claim.scope}, claim.day)
        if row is not None and row["value"] == "waived":
            return (*claim.groups, "waived")
        return claim.groups or ("unfiled",)

    def _modified(self, ratio: Decimal, group: str, claim: Claim) -> Decimal:
        if "emergency_as_unfiled" in self.defects and group == "emergency":
            group = "unfiled"
        if "referral_as_long_term" in self.defects and group == "referral":
            group = "long_term_resident"
        row = self.city.row("modifiers", claim.case | {"group": group}, claim.day)
        if row is None or group == "waived":
            return ratio
        if "set" in row:
            return Decimal(row["set"])
        if "times" in row:
            return ratio * Decimal(row["times"])
        minus = Decimal(row["minus"]) * (2 if "modifier_twice" in self.defects else 1)
        return max(Decimal(0), ratio - minus)

    def _counted(self, claim: Claim, ratio: Row) -> Counted:
        """What deductible, caps and brackets count, and where the batch is booked."""
        caps = {rule: self.city.row(rule, claim.case, claim.day) for rule in ("disease_cap", "care_cap", "visit_limit")}
        if not claim.billed:
            caps["disease_cap"] = None
        per = self.city.row("deductible_per", claim.case, claim.day)
        code = code_for(caps["disease_cap"], claim.case) or (claim.disease if claim.billed else "")
        return counted_by(
            claim,
            code,
            per_disease=per is not None and per["value"] == "disease",
            deductible=self.city.row("deductible", claim.case, claim.day),
            ratio=ratio,
            **caps,
        )

    def _deductible(self, claim: Claim, lines: Sequence[int], balances: Balances, counted: Counted) -> list[int]:
        """D(k) − D(k−1) for every charge."""
        row = self.city.row("deductible", claim.case, claim.day)
        limit = self._line(row, balances.get(("VSTS", counted.numbered), 0)) if row else 0
        taken = balances.get(("DEDC", counted.deductible), 0)
        if "deductible_by_disease" in self.defects and claim.disease != "ordinary":
            taken = balances.get(("DEDC", claim.disease), 0)
        left = max(0, limit - taken)
        if "deductible_every_time" in self.defects:
            left = limit
        if "deductible_never" in self.defects:
            left = 0
        scope, borne, shares = 0, 0, []
        if "refunds_bear_no_deductible" in self.defects:
            for line in lines:
                shares.append(min(left - borne, max(0, line)))
                borne += shares[-1]
            return shares
        for line in lines:
            scope += line
            until_here = min(left, max(0, scope))
            shares.append(until_here - borne)
            borne = until_here
        return shares

    def _line(self, row: Row, others: int) -> int:
        """The deductible of the visit: by its number, one more than the other visits of the year."""
        amounts = row.get("by_visit") or [row["value"]]
        return fen_of_text(amounts[min(others // 100, len(amounts) - 1)])

    def _pool(self, lines: Sequence[int], shares: Sequence[int], ratio: Decimal) -> int:
        exact = [(line - share) * ratio for line, share in zip(lines, shares, strict=True)]
        if "deductible_after_ratio" in self.defects:
            exact = [line * ratio - share for line, share in zip(lines, shares, strict=True)]
        if "rounded_once" in self.defects:
            return half_up(sum(exact, Decimal(0)))
        if "binary_floats" in self.defects:
            return round(sum(float(each) / 100 for each in exact) * 100)
        if "half_even" in self.defects:
            return sum(int(each.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)) for each in exact)
        if "truncated" in self.defects:
            return sum(int(each) for each in exact)
        return sum(half_up(each) for each in exact)

    def _cap(self, claim: Claim, balances: Balances, made: Award) -> None:
        """The disease cap first, then that of the care, then the overall one."""
        uncapped = made.pool
        under = "" if "one_balance_for_all_caps" in self.defects else made.counted.disease_cap
        disease_room = self._room("disease_cap", claim, balances, under) if claim.billed else None
        if disease_room is not None and "disease_cap_ignored" not in self.defects:
            made.pool = min(made.pool, disease_room)
        care_room = self._room("care_cap", claim, balances, made.counted.care_cap)
        if care_room is not None:
            made.pool = min(made.pool, care_room)
        limit = self.city.row("visit_limit", claim.case, claim.day)
        if limit is not None and balances.get(("VSTS", made.counted.limited), 0) >= 100 * limit["value"]:
            made.pool = min(made.pool, 0)
        excess = uncapped - made.pool
        before = made.pool
        room = self._room("annual_cap", claim, balances, "")
        if room is not None and "annual_cap_ignored" not in self.defects:
            made.pool = min(made.pool, room)
        made.cut = before - made.pool
        row = self.city.row("above_disease_cap", claim.case, claim.day)
        if row and row["value"] == "person" and "excess_feeds_layers" not in self.defects:
            made.shut_out = excess
        made.room = min((each for each in (disease_room, care_room, room) if each is not None), default=None)

    def _room(self, rule: str, claim: Claim, balances: Balances, counted: str) -> int | None:
        """What is left under a cap; nothing when there is none."""
        row = self.city.row(rule, claim.case, claim.day)
        if row is None or row["value"] == "unlimited":
            return None
        return max(0, fen_of_text(row["value"]) - balances.get(("HIFP", counted), 0))

    def _pay_layers(self, claim: Claim, balances: Balances, made: Award, in_scope: int) -> None:
        own = in_scope - made.pool - made.shut_out
        if "deductible_outside_the_bases" in self.defects:
            own -= made.deductible
        order = self.city.setting("layer_order")
        if "assistance_first" in self.defects:
            order = ["assistance", *(fund for fund in order if fund != "assistance")]
        for fund in order:
            layer = self.city.layer(fund)
            rows = self._rows(fund, layer, claim) if layer else []
            if layer is None or not rows:
                continue
            base = self._base(layer["base"], made, own)
            if "supplement_on_everything" in self.defects and fund == "civil_servants":
                base = claim.total - made.pool - sum(made.layers.values())
            paid_kind, base_kind = KINDS[fund]
            if "prior_selfpay_in_the_bases" in self.defects and fund == "major_illness":
                base += sum(claim.priors)
            before = balances.get((base_kind, ""), 0)
            if "line_of_each_visit" in self.defects and fund == "major_illness":
                before = 0
            exact = [_reaches(row, before + base) - _reaches(row, before) for row in rows]
            paid = sum(int(each) if "layers_truncated" in self.defects else half_up(each) for each in exact)
            cap = rows[0].get("cap", "unlimited")
            if cap != "unlimited":
                paid = min(paid, max(0, fen_of_text(cap) - balances.get((paid_kind, ""), 0)))
            made.layers[fund] = min(paid, max(0, own - sum(made.layers.values())))
            made.bases[fund] = base

    def _rows(self, fund: str, layer: Mapping[str, Any], claim: Claim) -> list[Row]:
        """The row by which the layer pays this person; none when it is not for them."""
        if claim.insutype not in layer["insutypes"]:
            return []
        if layer["who"] == "civil_servants" and not claim.civil_servant:
            return []
        if layer["who"] != "identities":
            row = self.city.figures(fund, claim.case, claim.day)
            return [row] if row else []
        rows = [self.city.figures(fund, claim.case | {"identity": each}, claim.day) for each in claim.identities]
        found = [row for row in rows if row]
        if "identities_add_up" in self.defects:
            return found
        best_first = "lowest_identity" not in self.defects
        return sorted(found, key=lambda row: Decimal(row["ratio"]), reverse=best_first)[:1]

    def _base(self, kind: str, made: Award, own: int) -> int:
        if kind == "above_cap_pay" or (kind == "above_cap_scope" and "large_amount_on_the_cut" in self.defects):
            return made.cut
        if kind == "above_cap_scope":
            return half_up(made.cut / made.ratio) if made.ratio else 0
        if kind == "own_scope":
            return own
        if kind == "own_share":
            return own - made.layers.get("large_amount", 0)
        return own - sum(made.layers.values())

    def _account(self, claim: Claim, made: Award) -> int:
        row = self.city.row("account_pays", claim.case, claim.day)
        rule = row["value"] if row else "nothing"
        if "account_in_scope_only" in self.defects and rule == "all":
            rule = "in_scope"
        share = {
            "all": made.personal,
            "not_own": made.personal - claim.own_purchase,
            "in_scope": claim.in_scope - made.funds,
            "nothing": 0,
        }[rule]
        elsewhere = self.city.row("account_elsewhere", claim.case, claim.day)
        allowed = not claim.elsewhere or (elsewhere is not None and elsewhere["value"])
        used = claim.uses_account or "account_always_used" in self.defects
        return max(0, min(claim.balance, share, made.personal)) if used and allowed else 0


def _by_brackets(lines: Sequence[int], shares: Sequence[int], steps: Sequence[tuple[int, Decimal]], before: int) -> int:
    """Of each charge half-up(W(k) − W(k−1)), W(k) being what lies above the deductible by the brackets."""
    scope, borne, worth, paid = 0, 0, Decimal(0), 0
    for line, share in zip(lines, shares, strict=True):
        scope, borne = scope + line, borne + share
        reaches = _worth(steps, before + scope) - _worth(steps, before + borne)
        paid += half_up(reaches - worth)
        worth = reaches
    return paid


def _worth(steps: Sequence[tuple[int, Decimal]], amount: int) -> Decimal:
    if amount < 0:
        return amount * steps[0][1]
    edges = [above for above, _ in steps]
    return sum(
        (
            max(0, (amount if upper is None else min(amount, upper)) - edge) * ratio
            for (edge, ratio), upper in zip(steps, [*edges[1:], None], strict=True)
        ),
        Decimal(0),
    )


def _reaches(row: Row, base: int) -> Decimal:
    """F(base): what the line and the brackets pay of the year's base, unrounded."""
    brackets = row.get("brackets") or [{"above": row.get("line", "0.00"), "ratio": row["ratio"]}]
    edges = [fen_of_text(each["above"]) for each in brackets]
    paid = Decimal(0)
    for edge, upper, bracket in zip(edges, [*edges[1:], None], brackets, strict=True):
        within = max(0, (base if upper is None else min(base, upper)) - edge)
        paid += within * Decimal(bracket["ratio"])
    return paid

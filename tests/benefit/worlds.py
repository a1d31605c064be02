"""Policies, claims and accumulators at random: a Plan is plain data, which the tests read themselves."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from simulator.benefit import KINDS, ChargeScope, City, Claim, Dates, PolicyBook
from simulator.benefit.checks import check
from simulator.benefit.city_file import compile_city
from simulator.core.strict_yaml import Document
from simulator.domain.accumulators import ONE_VISIT, VISITS

DAY = date(2025, 6, 1)
AREA = "999900"
DISEASES = ("M07800", "M00500")
SUB_CODES = {"M07803": "M07800", "M00503": "M00500", "M00504": "M00500"}
CATEGORIES = ("employed", "retired", "resident", "child")
LEVELS = ("primary", "secondary", "tertiary", "ungraded")
GROUPS = ("resettled_retiree", "long_term_resident", "stationed_worker", "referral", "emergency", "temporary")
FUNDS = ("large_amount", "major_illness", "civil_servants", "enterprise", "assistance", "other")
IDENTITIES = ("destitute", "subsistence_allowance")
SHIPPED = PolicyBook.shipped()
_SAID = {"from": "2020-01-01", "source": "illustrative", "reference": "made at random"}


@dataclass(frozen=True)
class LayerPlan:
    """A fund beyond the pool; no brackets and no identities: a layer without figures."""

    fund: str
    who: str
    base: str
    brackets: tuple[tuple[int, Fraction], ...]
    cap: int | None
    by_identity: dict[str, tuple[int, Fraction, int | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A whole policy as plain data; ratio rows are (disease or any or ordinary, category, level, ratio)."""

    line: int
    per_disease: bool
    ratios: tuple[tuple[str, str | None, str | None, Fraction], ...]
    modifiers: dict[str, tuple[str, Fraction]]
    disease_caps: dict[str, int | None]
    annual_cap: int | None
    shut_out: bool
    layers: tuple[LayerPlan, ...]
    account_pays: str
    remote: bool
    lines_by_visit: tuple[int, ...] = ()
    """The deductible of the first visit of the year, the second and so on; empty: `line`, once a year."""
    visit_limit: int | None = None
    """Visits of the year that the pool pays for."""


def fen(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def cap(amount: int | None) -> str:
    return "unlimited" if amount is None else fen(amount)


def four(ratio: Fraction) -> str:
    return f"{int(ratio * 10000) / 10000:.4f}"


amounts = st.integers(0, 500_00)
caps = st.one_of(st.none(), st.integers(0, 3000_00))
# Twentieths, so that halves of a fen come up; the rest, so that four decimals do.
ratios = st.one_of(
    st.integers(0, 20).map(lambda n: Fraction(n, 20)), st.integers(0, 10000).map(lambda n: Fraction(n, 10000))
)


@st.composite
def ratio_rows(draw: Any) -> tuple[tuple[str, str | None, str | None, Fraction], ...]:
    rows: list[tuple[str, str | None, str | None, Fraction]] = []
    for disease in ("any", "ordinary", "M07800"):
        if disease == "M07800" and draw(st.booleans()):
            continue
        rows.append((disease, None, None, draw(ratios)))
        # A row whose every case other rows decide is refused.
        for category in draw(st.sets(st.sampled_from(CATEGORIES), max_size=3)):
            rows.append((disease, category, None, draw(ratios)))
            for level in draw(st.sets(st.sampled_from(LEVELS), max_size=2)):
                rows.append((disease, category, level, draw(ratios)))
    return tuple(rows)


@st.composite
def layer_plans(draw: Any) -> tuple[LayerPlan, ...]:
    """All six funds in some order, some of them without figures."""
    order = draw(st.permutations(FUNDS))
    # The accumulated own share subtracts what the large-amount fund pays, which must be known before.
    if order.index("major_illness") < order.index("large_amount"):
        order = [{"major_illness": "large_amount", "large_amount": "major_illness"}.get(fund, fund) for fund in order]
    return tuple(draw(layer_plan(fund)) for fund in order)


@st.composite
def layer_plan(draw: Any, fund: str) -> LayerPlan:
    who = {"civil_servants": "civil_servants", "assistance": "identities"}.get(fund, "everyone")
    base = draw(st.sampled_from(("above_cap_scope", "above_cap_pay", "own_scope", "remaining")))
    base = "own_share" if fund == "major_illness" else base
    if draw(st.booleans()):
        return LayerPlan(fund, who, base, (), None)
    if fund in ("enterprise", "other"):
        return LayerPlan(fund, who, base, ((0, draw(ratios)),), None)
    if fund == "assistance":
        kinds = sorted(draw(st.sets(st.sampled_from(IDENTITIES), min_size=1)))
        each = {kind: (draw(amounts), draw(ratios), draw(caps)) for kind in kinds}
        return LayerPlan(fund, who, base, (), None, each)
    thresholds = sorted(draw(st.sets(amounts, min_size=1, max_size=3)))
    return LayerPlan(fund, who, base, tuple((above, draw(ratios)) for above in thresholds), draw(caps))


@st.composite
def plans(draw: Any, **fixed: Any) -> Plan:
    ways = st.tuples(st.sampled_from(("minus", "times", "set")), ratios)
    chosen: dict[str, Any] = {
        "line": draw(amounts),
        "per_disease": draw(st.booleans()),
        "ratios": draw(ratio_rows()),
        "modifiers": {group: draw(ways) for group in (*GROUPS, "unfiled")},
        "disease_caps": {"any": draw(caps), "M07800": draw(caps)},
        "annual_cap": draw(caps),
        "shut_out": draw(st.booleans()),
        "layers": draw(layer_plans()),
        "account_pays": draw(st.sampled_from(("all", "not_own", "in_scope", "nothing"))),
        "remote": draw(st.booleans()),
        "lines_by_visit": draw(st.one_of(st.just(()), st.lists(amounts, min_size=2, max_size=4).map(tuple))),
        "visit_limit": draw(st.one_of(st.none(), st.integers(1, 4))),
    }
    return Plan(**(chosen | fixed))


def city_of(plan: Plan) -> City:
    """The plan written as a city file and read back by the product."""
    layers = {
        layer.fund: {"insutypes": ["310", "390"], "who": layer.who, "base": layer.base, "figures": _figures(layer)}
        for layer in plan.layers
    }
    order = [layer.fund for layer in plan.layers]
    body = {
        "area": AREA,
        "name": "随机市",
        "version": "1",
        "diseases": [
            {"code": code, "name": code, "covers": [sub for sub in SUB_CODES if SUB_CODES[sub] == code]}
            | {"outbound": True}
            | _SAID
            for code in DISEASES
        ],
        "deductible": [_deductible_row(plan) | _SAID],
        "deductible_per": [{"value": "disease" if plan.per_disease else "year"} | _SAID],
        "ratio": [_ratio_row(*row) for row in plan.ratios],
        "modifiers": [{"group": group, how: four(by)} | _SAID for group, (how, by) in plan.modifiers.items()],
        "unfiled": [{"value": "modifier"} | _SAID],
        "disease_cap": [{"disease": code, "value": cap(limit)} | _SAID for code, limit in plan.disease_caps.items()],
        "annual_cap": [{"value": cap(plan.annual_cap)} | _SAID],
        "above_disease_cap": [{"value": "person" if plan.shut_out else "layers"} | _SAID],
        "layer_order": {"value": order, "source": "illustrative", "reference": "made at random"},
        "layers": layers,
        "account_pays": [{"value": plan.account_pays} | _SAID],
        "account_elsewhere": [{"value": plan.remote} | _SAID],
    }
    if plan.visit_limit is not None:
        body["visit_limit"] = [{"value": plan.visit_limit} | _SAID]
    # Its shape is what tests/benefit/test_files.py is about; left out here, since it costs most of the time.
    file, national = compile_city(Document(body, "random", {})), SHIPPED.files["national"]
    assert check(file, national) == []
    return City(AREA, file, national)


def _deductible_row(plan: Plan) -> dict[str, Any]:
    if plan.lines_by_visit:
        return {"by_visit": [fen(line) for line in plan.lines_by_visit], "period": "visit"}
    return {"value": fen(plan.line)}


def _ratio_row(disease: str, category: str | None, level: str | None, ratio: Fraction) -> dict[str, Any]:
    selectors = {"disease": disease, "category": category, "hospital_level": level}
    return {name: value for name, value in selectors.items() if value} | {"value": four(ratio)} | _SAID


def _figures(layer: LayerPlan) -> list[dict[str, Any]]:
    if layer.by_identity:
        return [
            {"identity": kind, "line": fen(line), "ratio": four(ratio), "cap": cap(limit)} | _SAID
            for kind, (line, ratio, limit) in layer.by_identity.items()
        ]
    if not layer.brackets:
        return []
    if layer.fund in ("enterprise", "other"):
        return [{"ratio": four(layer.brackets[0][1])} | _SAID]
    brackets = [{"above": fen(above), "ratio": four(ratio)} for above, ratio in layer.brackets]
    return [{"brackets": brackets, "cap": cap(layer.cap)} | _SAID]


def charge(in_scope: int, own_purchase: int = 0, above_ceiling: int = 0, prior_selfpay: int = 0) -> ChargeScope:
    total = in_scope + own_purchase + above_ceiling + prior_selfpay
    return ChargeScope(total, own_purchase, above_ceiling, prior_selfpay, in_scope)


charges = st.builds(charge, *[st.integers(0, 400_00)] * 4)
signed_charges = st.builds(charge, *[st.integers(-400_00, 400_00)] * 4)


def batches(*, signed: bool = False, most: int = 6) -> Any:
    """Charges of one batch; with negative lines the total and the amount in scope still come to 0 at least."""
    lists = st.lists(signed_charges if signed else charges, min_size=1, max_size=most).map(tuple)
    return lists.filter(lambda batch: sum(c.total for c in batch) >= 0 <= sum(c.in_scope for c in batch))


@st.composite
def claims(draw: Any, *, signed: bool = False, **fixed: Any) -> Claim:
    category = draw(st.sampled_from(CATEGORIES))
    disease = draw(st.sampled_from(("", *DISEASES, *SUB_CODES)))
    treated = draw(st.sampled_from(("local", "province", "nation")))
    chosen: dict[str, Any] = {
        "area": AREA,
        "insutype": "310" if category in ("employed", "retired") else "390",
        "category": category,
        "care": "special_disease" if disease else "outpatient",
        "disease": disease,
        "hospital_level": draw(st.sampled_from(LEVELS)),
        "treated": treated,
        "groups": tuple(draw(st.sets(st.sampled_from(GROUPS), max_size=3))) if treated != "local" else (),
        "civil_servant": draw(st.booleans()),
        "identities": tuple(draw(st.sets(st.sampled_from((*IDENTITIES, "disabled"))))),
        "charges": draw(batches(signed=signed)),
        "account_used": draw(st.booleans()),
        "account_balance": draw(st.integers(0, 800_00)),
        "dates": Dates.all_on(DAY),
        "visit": "7",
    }
    return Claim(**(chosen | fixed))


_amounts_held = st.dictionaries(
    st.tuples(st.sampled_from([kind for kind in KINDS if kind != VISITS]), st.sampled_from(("", *DISEASES))),
    st.integers(0, 2000_00),
    max_size=12,
)
_visits_held = st.dictionaries(st.just((VISITS, "")), st.integers(0, 5).map(lambda count: count * ONE_VISIT))
accumulators = st.tuples(_amounts_held, _visits_held).map(lambda held: held[0] | held[1])

"""Two readings of the page on city files, the product's and the second agency's: the same rows, awards and balances."""

from collections import Counter
from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.benefit import ChargeScope, Dates, PolicyBook, award
from simulator.benefit import Claim as ProductClaim
from simulator.benefit.dated_rows import CLASS, find
from simulator.core.errors import PolicyGap
from simulator.domain.accumulators import to_wire
from simulator.domain.care import CARE
from tests.benefit.test_specificity import CLASS_OF, GROUPS, cases, row_of, selectors
from tests.second_agency.award import Claim, Rules
from tests.second_agency.balances import CODES, code
from tests.second_agency.city import City, _best, _weight
from tests.second_agency.rehearsals import POLICIES
from tests.second_agency.settling import Settling
from tests.second_agency.wire import Refusal

AREAS = ("990100", "230900", "330100", "653200")
BOOK = PolicyBook.shipped()
SECOND = {area: City.read(POLICIES / f"{area}.yaml") for area in AREAS}


@settings(max_examples=300, deadline=None)
@given(st.lists(selectors, min_size=1, max_size=8), cases)
def test_both_find_a_row_of_the_same_rank(stated, case):
    theirs = [
        when | {"from": "2025-01-01", "number": number} | ({"codes": GROUPS[when["disease"]]} if grouped(when) else {})
        for number, when in enumerate(stated)
    ]
    asked = case | ({"class": CLASS_OF[case["disease"]]} if case["disease"] != "ordinary" else {})
    second = _best(theirs, asked, "2025-06-01")
    try:
        ours = find(
            [[row_of(when, number) for number, when in enumerate(stated)]], product_case(case), date(2025, 6, 1)
        )
    except LookupError:
        ours = None
    assert (second is None) == (ours is None)
    if second is not None:
        assert _weight(theirs[ours.value], asked) == _weight(second, asked)


def grouped(when):
    return when.get("disease") in GROUPS


def product_case(case):
    return case | ({CLASS: CLASS_OF[case["disease"]]} if case["disease"] != "ordinary" else {})


CHARGES = st.lists(st.integers(-300_00, 30000_00), min_size=1, max_size=4).filter(lambda lines: sum(lines) >= 0)
DAYS = st.sampled_from(("2025-02-10", "2025-03-31", "2025-05-06", "2025-08-20", "2025-12-31"))


@st.composite
def claims(draw, area):
    """One batch as plain values that both sides are given."""
    day = draw(DAYS)
    care = draw(st.sampled_from(tuple(CARE)))
    billed = ""
    if CARE[care].disease != "none":
        listed = BOOK.city(area).diseases(date.fromisoformat(day))
        codes = sorted({code for each in listed.values() for code in (each.code, *each.covers)})
        billed = draw(st.sampled_from(codes if CARE[care].disease == "required" else [*codes, ""]))
    category = draw(st.sampled_from(("employed", "retired", "resident", "child")))
    scope = draw(st.sampled_from(("local", "province", "nation")))
    groups = draw(st.lists(st.sampled_from(("referral", "temporary", "long_term_resident")), max_size=2, unique=True))
    if not groups and SECOND[area].row("unfiled", {"scope": scope}, day)["value"] == "refuse":
        groups = ["referral"]
    return {
        "day": day,
        "care": care,
        "billed": billed,
        "category": category,
        "scope": scope,
        "groups": () if scope == "local" else tuple(groups),
        "level": draw(st.sampled_from(("primary", "secondary", "tertiary", "ungraded"))),
        "identities": tuple(draw(st.sets(st.sampled_from(("destitute", "low_income")), max_size=2))),
        "civil_servant": category in ("employed", "retired") and draw(st.booleans()),
        "lines": draw(CHARGES),
        "visit": draw(st.sampled_from(("1", "2"))),
    }


def by_the_product(area, plain, year):
    dates = Dates.all_on(date.fromisoformat(plain["day"]))
    claim = ProductClaim(
        area=area,
        insutype=insutype(plain),
        category=plain["category"],
        care=plain["care"],
        disease=plain["billed"],
        hospital_level=plain["level"],
        treated=plain["scope"],
        groups=plain["groups"],
        civil_servant=plain["civil_servant"],
        identities=plain["identities"],
        charges=tuple(ChargeScope(line, 0, 0, 0, line) for line in plain["lines"]),
        account_used=False,
        account_balance=0,
        dates=dates,
        visit=plain["visit"],
    )
    return award(claim, BOOK.city(area).rules(dates), year)


def insutype(plain):
    return "310" if plain["category"] in ("employed", "retired") else "390"


def by_the_second(area, plain, year):
    city = SECOND[area]
    claim = Claim(
        day=plain["day"],
        accrual_day=plain["day"],
        insutype=insutype(plain),
        category=plain["category"],
        level=plain["level"],
        care=plain["care"],
        billed=plain["billed"],
        disease=city.class_of(plain["billed"], plain["day"]) if plain["billed"] else "ordinary",
        scope=plain["scope"],
        groups=plain["groups"],
        civil_servant=plain["civil_servant"],
        identities=plain["identities"],
        balance=0,
        uses_account=False,
        lines=plain["lines"],
        priors=[0] * len(plain["lines"]),
        total=sum(plain["lines"]),
        own_purchase=0,
        above_ceiling=0,
        visit=plain["visit"],
    )
    made = Rules(city, frozenset()).award(claim, year)
    return made, Settling._moves(SimpleNamespace(defects=frozenset()), claim, made)


@pytest.mark.slow
@pytest.mark.parametrize("area", AREAS)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_both_pay_and_book_the_same_in_every_care_place_and_period(area, data):
    ours, theirs = {"310": Counter(), "390": Counter()}, {"310": Counter(), "390": Counter()}
    for plain in data.draw(st.lists(claims(area), min_size=1, max_size=5)):
        kind = insutype(plain)
        try:
            product = by_the_product(area, plain, ours[kind])
        except PolicyGap:
            with pytest.raises(Refusal):
                by_the_second(area, plain, theirs[kind])
            continue
        second, moves = by_the_second(area, plain, theirs[kind])
        assert (second.deductible, second.pool, second.ratio) == (product.deductible, product.pool, product.ratio)
        assert second.personal == product.personal
        moved = {key: fen for key, fen in moves.items() if fen and not key[0].startswith("_")}
        assert moved == dict(product.movements)
        ours[kind].update(product.movements)
        theirs[kind].update(moves)


def test_both_write_the_same_code_for_a_balance():
    assert {name: care.code for name, care in CARE.items()} == CODES
    for kind in ("DEDC", "HIFP", "INSC"):
        for written in ("", "M07800", "/inpatient", "//Q3", "M07800//M11", "M03900/two_disease_drugs/M05"):
            assert code(kind, written) == to_wire(kind, written)
    assert code("DEDC", "/inpatient/V12") == ""

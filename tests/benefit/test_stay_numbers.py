"""The number of a stay in the year: given by its first settlement, kept by every later one, taken back with it."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from simulator.benefit import ChargeScope, Claim, Dates, PolicyBook, award

CITY = PolicyBook.shipped().city("230900")
# 七台河, tertiary, invented: 700.00 for the first stay of the year, 350.00 for the second, nothing from the third on.
LINES = {1: 700_00, 2: 350_00, 3: 0, 4: 0}


def claim(stay: str) -> Claim:
    return Claim(
        area="230900",
        insutype="310",
        category="employed",
        care="inpatient",
        disease="",
        hospital_level="tertiary",
        treated="local",
        groups=(),
        civil_servant=False,
        identities=(),
        charges=(ChargeScope(1000_00, 0, 0, 0, 1000_00),),
        account_used=False,
        account_balance=0,
        dates=Dates.all_on(date(2025, 6, 1)),
        visit=stay,
    )


def settle(balances, asked: Claim):
    made = award(asked, CITY.rules(asked.dates), balances)
    for key, amount in made.movements.items():
        balances[key] = balances.get(key, 0) + amount
    return made


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=14))
def test_a_deductible_goes_by_the_stays_that_stand_settled_when_the_stay_is_first_settled(steps):
    """Settles an interval of a stay, or cancels its latest; the model numbers stays by counting those that stand."""
    balances: dict[tuple[str, str], int] = {}
    standing: dict[int, list] = {}
    number: dict[int, int] = {}
    for stay, settles in steps:
        if settles:
            if not standing.get(stay):
                number[stay] = 1 + sum(1 for each in standing.values() if each)
            made = settle(balances, claim(str(stay)))
            first = not standing.get(stay)
            assert made.deductible == (LINES[number[stay]] if first else 0)
            standing.setdefault(stay, []).append(made)
        elif standing.get(stay):
            for key, amount in standing[stay].pop().movements.items():
                balances[key] -= amount
        assert balances.get(("STAY", "/inpatient"), 0) == 100 * sum(1 for each in standing.values() if each)


def test_a_visit_has_no_number():
    outpatient = replace(claim("7"), care="outpatient")
    made = settle({}, outpatient)
    assert not [key for key in made.movements if key[0] == "STAY"]
    assert made.trace.facts.stay_number == ""

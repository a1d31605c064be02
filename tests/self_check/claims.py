"""Claims of every kind that the shipped cities pay, to tell two awards apart."""

import random
from collections.abc import Iterator
from datetime import date

from simulator.benefit import Accumulated, ChargeScope, Claim, Dates, PolicyBook, Rules
from simulator.domain.care import OUTPATIENT, SPECIAL_DISEASE

CITIES = ("230900", "330100", "653200", "659000", "110000")
PEOPLE = (("310", "employed"), ("310", "retired"), ("390", "resident"))
GROUPS = ((), ("resettled_retiree",), ("referral",), ("emergency",), ("emergency", "long_term_resident"))
DISEASES = ("M07803", "M00500", "M03900", "")
DAY = Dates.all_on(date(2025, 3, 10))


def cases(count: int) -> Iterator[tuple[Claim, Rules, Accumulated]]:
    """So many claims with what has accrued for them, the same at every call."""
    chance = random.Random(20250310)
    book = PolicyBook.shipped()
    for _ in range(count):
        area = chance.choice(CITIES)
        insutype, category = chance.choice(PEOPLE)
        disease = chance.choice(DISEASES)
        treated = chance.choice(("local", "nation"))
        claim = Claim(
            area=area,
            insutype=insutype,
            category=category,
            care=SPECIAL_DISEASE if disease else OUTPATIENT,
            disease=disease,
            hospital_level=chance.choice(("primary", "secondary", "tertiary")),
            treated=treated,
            groups=chance.choice(GROUPS) if treated != "local" else (),
            civil_servant=chance.random() < 0.3,
            identities=("subsistence_allowance",) if chance.random() < 0.3 else (),
            charges=tuple(_charge(chance) for _ in range(chance.randint(1, 4))),
            account_used=chance.random() < 0.7,
            account_balance=chance.choice((0, 5_000, 500_000)),
            dates=DAY,
            visit="V1",
        )
        city = book.city(area)
        yield claim, city.rules(DAY), _accrued(chance, city.mapped(disease))


def _charge(chance: random.Random) -> ChargeScope:
    own, above, prior = (chance.choice((0, chance.randint(1, 9_999))) for _ in range(3))
    in_scope = chance.choice((chance.randint(1, 99), chance.randint(100, 99_999), chance.randint(100_000, 30_000_000)))
    sign = -1 if chance.random() < 0.1 else 1
    return ChargeScope(*(sign * part for part in (own + above + prior + in_scope, own, above, prior, in_scope)))


def _accrued(chance: random.Random, disease: str) -> Accumulated:
    """Balances of a year, in total and for a disease, half of them without any deductible left."""
    if chance.random() < 0.3:
        return {}
    found: dict[tuple[str, str], int] = {}
    for kind, most in (("DEDC", 200_000), ("HIFP", 20_000_000), ("MIBS", 3_000_000)):
        total = chance.randint(0, most)
        found[kind, ""] = total
        found[kind, disease] = total if not disease else chance.randint(0, total)
    return found

"""A population of registered patients by seed: consistent people, bit for bit equal wherever and whenever it is made.

Only `random.Random.random()` and `getrandbits()` are drawn from, which Python promises not to change. The mix is data,
`population.yaml`, and illustrative.
"""

from bisect import bisect_right
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml
from simulator.domain.person import Filing, Insurance, Person, Registration
from simulator.domain.places import covers
from simulator.people.diseases import disease_name
from simulator.people.identity import (
    DRAWN_COUNTIES,
    SERIALS,
    VOUCHER_BITS,
    identity_number,
    person_number,
    prefecture_of,
    vouchers,
)
from simulator.people.names import name_of
from simulator.people.role import birth_of_age, person_for
from simulator.people.spec import INSUTYPE_OF

__all__ = ["person_for", "populate"]

GENERATED = 1
"""First digit after the area in the psn_no of a generated person."""
_PER_MILLE = 1000
T = TypeVar("T")


class Weighted(Generic[T]):
    """Values with weights, one of them at a point from 0 up to 1."""

    def __init__(self, pairs: Sequence[tuple[T, int]]) -> None:
        self.values = [value for value, _ in pairs]
        self._sums = list(accumulate(weight for _, weight in pairs))
        self._total = self._sums[-1]

    def at(self, point: float) -> T:
        return self.values[bisect_right(self._sums, point * self._total)]


@dataclass(frozen=True, slots=True)
class PopulationMix:
    """The shares of one population, ready to be drawn from."""

    categories: Weighted[tuple[str, int, int]]
    diseases: Weighted[tuple[str, str]]
    children_diseases: Weighted[tuple[str, str]]
    places: Weighted[str]
    channels: Weighted[str]
    second_disease: float
    registered_days: int
    civil_servants: float
    balances: dict[str, tuple[int, int]]
    filings: dict[str, tuple[float, str]]


def populate(
    insured_at: str,
    count: int,
    seed: int | str,
    *,
    on: date,
    diseases: Sequence[str] | None = None,
    listed: Sequence[str] | None = None,
    taken: Container[str] = frozenset(),
) -> list[Person]:
    """`count` people insured at `insured_at`, each with a registered disease, some filed for elsewhere.

    `diseases` are drawn evenly; without them the shipped mix is, as far as it stands among the `listed` diseases of the
    insured place. `taken` holds identity and person numbers already in
    use, which are passed over; without it the outcome depends on the arguments alone.
    """
    mix = _mix(insured_at, tuple(diseases or ()), tuple(listed or ()))
    drawing = _Drawing(insured_at, Random(f"{insured_at} {seed}"), mix, on, taken)  # noqa: S311  # repeatable on purpose
    return [drawing.person() for _ in range(count)]


class _Drawing:
    """Population while it is drawn; every draw has its fixed place in the order."""

    def __init__(self, area: str, random: Random, mix: PopulationMix, on: date, taken: Container[str]) -> None:
        self._area, self._mix, self._on, self._taken = area, mix, on, taken
        self._point, self._bits = random.random, random.getrandbits
        self._today = on.toordinal()
        self._insured_since = min(date(2020, 1, 1), on.replace(month=1, day=1))
        self._counties = [f"{prefecture_of(area)}{county}" for county in DRAWN_COUNTIES]
        self._numbers: set[str] = set()
        self._ids: set[str] = set()

    def person(self) -> Person:
        point = self._point
        category, youngest, oldest = self._mix.categories.at(point())
        birth = birth_of_age(youngest + int(point() * (oldest - youngest + 1)), self._on, point())
        male = point() < 0.5
        psn_no = self._psn_no()
        registrations = self._registrations(psn_no, birth, category)
        card_no, card_sn, token = vouchers(self._area, self._bits(VOUCHER_BITS))
        return Person(
            psn_no=psn_no,
            name=name_of(male=male, family=point(), given=point()),
            certificate_type="identity_card",
            certificate_number=self._certificate(birth, male=male),
            gender="male" if male else "female",
            birth=birth,
            card_no=card_no,
            card_sn=card_sn,
            credential_token=token,
            insurances=(self._insurance(category, max(birth, self._insured_since)),),
            registrations=registrations,
            filings=self._filings(psn_no, category, registrations[0].valid_from),
        )

    def _psn_no(self) -> str:
        while True:
            psn_no = person_number(self._area, GENERATED, self._point())
            if psn_no not in self._ids and psn_no not in self._taken:
                break
        self._ids.add(psn_no)
        return psn_no

    def _certificate(self, birth: date, *, male: bool) -> str:
        while True:
            county, serial = divmod(int(self._point() * len(self._counties) * SERIALS), SERIALS)
            number = identity_number(self._counties[county], birth, serial, male)
            if number not in self._numbers and number not in self._taken:
                self._numbers.add(number)
                return number

    def _insurance(self, category: str, since: date) -> Insurance:
        insutype = INSUTYPE_OF[category]
        if category not in self._mix.balances:
            return _without_account(insutype, category, self._area, since)
        lowest, highest = self._mix.balances[category]
        return Insurance(
            insutype=insutype,
            category=category,
            area=self._area,
            valid_from=since,
            civil_servant=self._point() < self._mix.civil_servants,
            balance=lowest + int(self._point() * (highest - lowest + 1)),
        )

    def _registrations(self, psn_no: str, birth: date, category: str) -> tuple[Registration, ...]:
        point = self._point
        table = self._mix.children_diseases if category == "child" else self._mix.diseases
        days = min(self._today - birth.toordinal(), self._mix.registered_days) + 1
        code, name = table.at(point())
        since = date.fromordinal(self._today - int(point() * days))
        first = Registration(code, name, since, id=psn_no + "R1")
        if point() >= self._mix.second_disease:
            return (first,)
        code, name = table.at(point())
        since = date.fromordinal(self._today - int(point() * days))
        if code == first.disease:
            return (first,)
        return (first, Registration(code, name, since, id=psn_no + "R2"))

    def _filings(self, psn_no: str, category: str, registered: date) -> tuple[Filing, ...]:
        point = self._point
        share, group = self._mix.filings[category]
        if point() >= share:
            return ()
        place, channel = self._mix.places.at(point()), self._mix.channels.at(point())
        return (Filing(group, place, registered, channel, id=psn_no + "F1"),)


@lru_cache(maxsize=1000)
def _without_account(insutype: str, category: str, area: str, since: date) -> Insurance:
    # Values are immutable, so the many residents insured alike share one.
    return Insurance(insutype=insutype, category=category, area=area, valid_from=since)


@cache
def _mix(area: str, diseases: tuple[str, ...], listed: tuple[str, ...]) -> PopulationMix:
    raw = resources.files(__package__).joinpath("population.yaml").read_bytes()
    data = parse_yaml(raw, "population.yaml", shape("simulator.people", "population.schema.json")).data
    of_children = {entry["disease"] for entry in data["diseases"] if entry.get("children")}
    adults = [(entry["disease"], entry["weight"]) for entry in data["diseases"]]
    if diseases:
        adults = [(code, 1) for code in diseases]
    elif listed:
        adults = [pair for pair in adults if pair[0] in listed]
        adults += [(code, data["other_disease"]) for code in listed if code not in dict(adults)]
    children = [pair for pair in adults if pair[0] in of_children] or adults
    places = [(entry["place"], entry["weight"]) for entry in data["places"] if not covers(entry["place"], area)]
    return PopulationMix(
        categories=Weighted([((entry["category"], *entry["ages"]), entry["share"]) for entry in data["categories"]]),
        diseases=_named(adults),
        children_diseases=_named(children),
        places=Weighted(places),
        channels=Weighted([(entry["channel"], entry["weight"]) for entry in data["channels"]]),
        second_disease=data["second_disease"] / _PER_MILLE,
        registered_days=data["registered_years"] * 365,
        civil_servants=data["civil_servants"] / _PER_MILLE,
        balances={kind: (lowest * 100, highest * 100) for kind, (lowest, highest) in data["balances"].items()},
        filings={kind: (rule["share"] / _PER_MILLE, rule["group"]) for kind, rule in data["filings"].items()},
    )


def _named(codes: Sequence[tuple[str, int]]) -> Weighted[tuple[str, str]]:
    return Weighted([((code, disease_name(code)), weight) for code, weight in codes])

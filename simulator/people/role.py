"""Person for a role, made from seed, key and specification alone.

The same seed, key and spec give the same person, whatever else was made before. A birth date is a day of the year,
drawn, in the year that gives the age; so a day later the same role is the same person, unless it is their birthday.
"""

import hashlib
from datetime import date, timedelta
from random import Random

from simulator.domain.person import HAN, Insurance, Person
from simulator.people.identity import (
    MADE_COUNTIES,
    SERIALS,
    VOUCHER_BITS,
    identity_number,
    person_number,
    prefecture_of,
    vouchers,
)
from simulator.people.names import name_of
from simulator.people.spec import InsuranceSpec, PersonSpec

USUAL_AGES = {"employed": (28, 54), "retired": (62, 82), "resident": (25, 80), "child": (3, 15)}
"""Ages, both inclusive, of a person made without one (ours)."""
_LONG_AGO = date(2020, 1, 1)
_DAYS = tuple(
    (day.month, day.day)
    for day in map(date.fromordinal, range(date(2001, 1, 1).toordinal(), date(2002, 1, 1).toordinal()))
)
MADE = 9
"""First digit after the area in the psn_no of a person made for a role; generated ones have 1."""


def person_for(spec: PersonSpec, *, seed: int | str, key: str, on: date) -> Person:
    """The person of `key`, usually the name of the role, as `spec` asks and everything else drawn."""
    random = _source(seed, key, spec)
    male = random.random() < 0.5
    family, given = random.random(), random.random()
    birth = _birth(spec, on, random)
    county = MADE_COUNTIES[int(random.random() * len(MADE_COUNTIES))]
    serial = int(random.random() * SERIALS)
    if spec.male is not None:
        male = spec.male
    area = spec.insured_at
    number = person_number(area, MADE, random.random())
    card_no, card_sn, token = vouchers(area, random.getrandbits(VOUCHER_BITS))
    return Person(
        psn_no=spec.psn_no or number,
        name=spec.psn_name or name_of(male=male, family=family, given=given),
        certificate_type="identity_card",
        certificate_number=spec.certno or identity_number(f"{prefecture_of(area)}{county}", birth, serial, male),
        gender="male" if male else "female",
        birth=birth,
        nationality=spec.nationality or HAN,
        card_no=spec.card_no or card_no,
        card_sn=spec.card_sn or card_sn,
        credential_token=spec.credential_token or token,
        insurances=tuple(_insurance(asked, birth, on) for asked in spec.insurances),
        identities=spec.identities,
        registrations=spec.registrations,
        filings=spec.filings,
    )


def birth_of_age(age: int, on: date, point: float) -> date:
    """The birth date, at a point of the year, that gives `age` completed years on `on`.

    Never 29 February, so that each year has the day.
    """
    month, day = _DAYS[int(point * len(_DAYS))]
    return date(on.year - age - ((on.month, on.day) < (month, day)), month, day)


def _source(seed: int | str, key: str, spec: PersonSpec) -> Random:
    # Not hash(): it differs between processes. repr of frozen dataclasses of text and numbers does not.
    digest = hashlib.sha256(f"{seed}\0{key}\0{spec!r}".encode()).digest()
    return Random(int.from_bytes(digest, "big"))  # noqa: S311  # repeatable on purpose


def _birth(spec: PersonSpec, on: date, random: Random) -> date:
    youngest, oldest = USUAL_AGES[spec.category]
    usual = youngest + int(random.random() * (oldest - youngest + 1))
    drawn = birth_of_age(usual if spec.age is None else spec.age, on, random.random())
    return spec.birth or drawn


def _insurance(asked: InsuranceSpec, birth: date, on: date) -> Insurance:
    ended, suspended = asked.status == "ended", asked.status == "suspended"
    start = asked.insured_from or max(birth, min(_LONG_AGO, on.replace(month=1, day=1)))
    if asked.insured_to is not None and asked.insured_from is None:
        start = min(start, asked.insured_to)
    return Insurance(
        insutype=asked.insutype,
        category=asked.category,
        area=asked.insured_at,
        status=asked.status,
        valid_from=start,
        valid_to=max(start, on - timedelta(days=1)) if ended and asked.insured_to is None else asked.insured_to,
        suspended_from=max(start, on.replace(day=1))
        if suspended and asked.suspended_from is None
        else asked.suspended_from,
        civil_servant=asked.civil_servant,
        employer=asked.employer,
        balance=asked.balance,
    )

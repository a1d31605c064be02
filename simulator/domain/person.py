"""A person, their insurances, and what the insured place has granted them."""

from dataclasses import dataclass, field
from datetime import date

CATEGORIES = ("employed", "retired", "resident", "child")
GROUPS = ("resettled_retiree", "long_term_resident", "stationed_worker", "referral", "emergency", "temporary")
LASTING_GROUPS = frozenset({"resettled_retiree", "long_term_resident", "stationed_worker"})
"""Groups of people who live elsewhere for long."""
CHANNELS = ("app", "mini_program", "counter")
STATUSES = ("normal", "suspended", "ended")
HAN = "1"
"""naty of 汉族; the same in every edition."""
EMPLOYEES, RESIDENTS = "310", "390"
"""insutype of 职工基本医疗保险 and 城乡居民基本医疗保险; the same in every edition."""


@dataclass(frozen=True, slots=True)
class Insurance:
    """Insurance relation (insuinfo); a person who moved within the year has two, with different areas."""

    insutype: str
    category: str
    area: str
    status: str = "normal"
    valid_from: date = date(2020, 1, 1)
    valid_to: date | None = None
    """Last day, inclusive; None while it runs."""
    suspended_from: date | None = None
    civil_servant: bool = False
    employer: str = ""
    balance: int = 0
    """Personal account, fen."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A status that opens medical assistance and the like (idetinfo); `kind` is one of our own words."""

    kind: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered chronic or special disease (人员慢特病备案, 2503, 5301); code and name as registered."""

    disease: str
    name: str
    valid_from: date
    valid_to: date | None = None
    id: str = ""
    """trt_dcla_detl_sn."""


@dataclass(frozen=True, slots=True)
class Filing:
    """Permission to be treated elsewhere (异地就医备案); `place` is the area filed, `valid_to` inclusive."""

    group: str
    place: str
    valid_from: date
    channel: str
    valid_to: date | None = None
    active: bool = True
    id: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Insured person with everything the insured place holds about them."""

    psn_no: str
    name: str
    certificate_type: str
    """Our own word, `identity_card`; each edition has its own code for it."""
    certificate_number: str
    gender: str
    """`male` or `female`."""
    birth: date
    nationality: str = HAN
    """Code of table naty, the same in every edition."""
    card_no: str = ""
    card_sn: str = ""
    credential_token: str = ""
    """mdtrt_cert_no when the electronic voucher (01) is shown."""
    insurances: tuple[Insurance, ...] = ()
    identities: tuple[Identity, ...] = ()
    registrations: tuple[Registration, ...] = field(default=())
    filings: tuple[Filing, ...] = field(default=())


def in_force(valid_from: date, valid_to: date | None, on: date) -> bool:
    """Tells whether `on` lies within the two days, both inclusive."""
    return valid_from <= on and (valid_to is None or on <= valid_to)

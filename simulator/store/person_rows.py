"""Rows of the tables about persons, as typed named tuples; the columns stand in the order of the table."""

from typing import NamedTuple

from simulator.domain.accumulators import Under


class PersonRow(NamedTuple):
    """A person known to a sandbox, insured or learned of."""

    id: int
    psn_no: str
    name: str
    certificate_type: str
    certificate_number: str
    gender: str
    birth: str
    nationality: str
    card_no: str
    card_sn: str
    credential_token: str
    area: str
    origin: str


class InsuranceRow(NamedTuple):
    """An insurance of a person, with its account in fen."""

    id: int
    person_id: int
    insutype: str
    category: str
    area: str
    status: str
    valid_from: str
    valid_to: str | None
    suspended_from: str | None
    civil_servant: int
    employer: str
    opening_balance: int
    balance: int


class IdentityRow(NamedTuple):
    """An identity that entitles a person to assistance."""

    id: int
    person_id: int
    kind: str
    valid_from: str
    valid_to: str | None


class RegistrationRow(NamedTuple):
    """A disease registration of a person."""

    id: int
    person_id: int
    disease: str
    name: str
    valid_from: str
    valid_to: str | None
    agency_number: str


class FilingRow(NamedTuple):
    """A filing of a person for treatment elsewhere."""

    id: int
    person_id: int
    group_name: str
    place: str
    valid_from: str
    valid_to: str | None
    channel: str
    active: int
    agency_number: str


GrantRow = RegistrationRow | FilingRow
"""What entitles a person to treatment: both end, and both have a number that the agency gave."""


class AccumulatorRow(NamedTuple):
    """An accumulator in fen: what it was opened with, and what settlements have booked since."""

    person_id: int
    insutype: str
    year: int
    kind: str
    disease: str
    care: str
    period: str
    opening: int
    booked: int

    @property
    def key(self) -> tuple[str, str]:
        """Its kind, and what it stands under in one word."""
        return self.kind, str(Under(self.disease, self.care, self.period))

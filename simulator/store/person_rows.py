"""Rows of the tables about people as named tuples, their fields in the order of the columns."""

from typing import NamedTuple

from simulator.domain.accumulators import AccumulatorDimensions


class PersonRow(NamedTuple):
    """Person known to a sandbox; `origin` is simulated, imported or learned."""

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
    """Insurance of a person; balances of the account in fen, `civil_servant` 0 or 1."""

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
    """Identity that entitles a person to medical assistance."""

    id: int
    person_id: int
    kind: str
    valid_from: str
    valid_to: str | None


class RegistrationRow(NamedTuple):
    """Disease registration of a person; `valid_to` is its last day."""

    id: int
    person_id: int
    disease: str
    name: str
    valid_from: str
    valid_to: str | None
    agency_number: str


class FilingRow(NamedTuple):
    """Filing of a person for treatment elsewhere; `valid_to` is its last day, `active` 0 or 1."""

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
"""Row of a registration or filing: either has a last day and the trt_dcla_detl_sn of its agency."""


class AccumulatorRow(NamedTuple):
    """Accumulator of a person and year: the amount at its opening and the amount booked since, in fen."""

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
        """Kind, and the disease, care and period as the text of `AccumulatorDimensions`."""
        return self.kind, str(AccumulatorDimensions(self.disease, self.care, self.period))

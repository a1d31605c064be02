"""Table of transactions, `transactions.yaml`: the traits by which the code tells them apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any

from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml

FILE = "transactions.yaml"


class Family(StrEnum):
    """Families that the code names; the table may hold others."""

    PERSON_QUERY = "person_query"
    ENTITLEMENT_QUERY = "entitlement_query"
    ACCUMULATOR_QUERY = "accumulator_query"
    REGISTRATION_QUERY = "registration_query"
    CHARGE_UPLOAD = "charge_upload"
    CHARGE_WITHDRAWAL = "charge_withdrawal"
    PRE_SETTLEMENT = "pre_settlement"
    SETTLEMENT = "settlement"
    CANCELLATION = "cancellation"
    REFERRAL_WITHDRAWAL = "referral_withdrawal"
    DISEASE_REGISTRATION = "disease_registration"
    DISEASE_REGISTRATION_WITHDRAWAL = "disease_registration_withdrawal"
    FILING = "filing"
    RECONCILIATION_DAY = "reconciliation_day"
    REVERSAL = "reversal"
    SIGN_IN = "sign_in"
    FILE_UPLOAD = "file_upload"
    FILE_DOWNLOAD = "file_download"


@dataclass(frozen=True, slots=True)
class Traits:
    """Transaction as the table describes it; `transactions.schema.json` says what each column means."""

    infno: str
    family: str
    care: str = "any"
    depth: str = ""
    """Blank where the platform does not serve it."""
    effect: bool = False
    reversible: bool = False
    forwarded: bool = False
    answer: str = ""
    refused_while_unknown: bool = False
    serialises_person: bool = False
    needs_sign_in: bool = True

    @property
    def awarded(self) -> bool:
        """Tells whether its answer is an award: a settlement or its preview."""
        return self.family in (Family.PRE_SETTLEMENT, Family.SETTLEMENT)

    @property
    def withdraws_grant(self) -> bool:
        return self.family in (Family.REFERRAL_WITHDRAWAL, Family.DISEASE_REGISTRATION_WITHDRAWAL)


def read_transactions(raw: bytes, name: str) -> dict[str, Traits]:
    """Reads a table of transactions by number; raises DataFaults with line and path."""
    data: Mapping[str, Mapping[str, Any]] = parse_yaml(
        raw, name, shape("simulator.domain", "transactions.schema.json")
    ).data["transactions"]
    return {infno: Traits(infno, **columns) for infno, columns in data.items()}


TRANSACTIONS: Mapping[str, Traits] = read_transactions(
    resources.files("simulator.domain").joinpath(FILE).read_bytes(), FILE
)
_NO_TRAITS = Traits("", "")


def traits_of(infno: str) -> Traits:
    """The traits of a number; a number outside the table has none and belongs to no family."""
    return TRANSACTIONS.get(infno, _NO_TRAITS)


def number_of(family: Family) -> str:
    """The number of a family that has a single one; raises ValueError for any other."""
    numbers = [infno for infno, traits in TRANSACTIONS.items() if traits.family == family]
    if len(numbers) != 1:
        raise ValueError(f"{family} has {len(numbers)} transactions")
    return numbers[0]


def check_registered(kind: str, registered: Iterable[str], wanted: Iterable[str]) -> None:
    """Raises ValueError when a handler of the table is missing, or one is registered that the table does not have."""
    here, there = set(registered), set(wanted)
    missing, superfluous = there - here, here - there
    if missing or superfluous:
        raise ValueError(f"{kind}: missing {sorted(missing)}, not in {FILE} {sorted(superfluous)}")


PERSON_QUERY = number_of(Family.PERSON_QUERY)
ENTITLEMENT_QUERY = number_of(Family.ENTITLEMENT_QUERY)
ACCUMULATOR_QUERY = number_of(Family.ACCUMULATOR_QUERY)
REGISTRATION_QUERY = number_of(Family.REGISTRATION_QUERY)
DISEASE_REGISTRATION = number_of(Family.DISEASE_REGISTRATION)
DISEASE_REGISTRATION_WITHDRAWAL = number_of(Family.DISEASE_REGISTRATION_WITHDRAWAL)
FILING = number_of(Family.FILING)
RECONCILIATION_DAY = number_of(Family.RECONCILIATION_DAY)
REVERSAL = number_of(Family.REVERSAL)

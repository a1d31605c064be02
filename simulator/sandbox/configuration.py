"""Configuration of a sandbox: edition, policies, catalogues, institutions and agencies, as of one revision."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.benefit import PolicyBook
from simulator.catalogue import CatalogueBook, Institution, InstitutionBook
from simulator.contract import Contract, contract_of
from simulator.core.envelope import Head
from simulator.core.signing import Profile
from simulator.domain.places import FilingCoverage
from simulator.insured.place import Place
from simulator.store import tables
from simulator.store.rows import SandboxRow
from simulator.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Agency:
    """Registered agency of an area: the system that insures the people of the area and the areas below it."""

    area: str
    url: str
    timeout_s: float = 30.0
    edition: str = ""
    profile: Mapping[str, Any] = field(default_factory=dict)
    capabilities: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Defaults:
    """Data files from which every sandbox starts: the product's own, overridden by a user's data folder."""

    policies: PolicyBook
    catalogues: CatalogueBook
    institutions: InstitutionBook
    coverage: FilingCoverage


@dataclass(frozen=True, slots=True)
class Config:
    """Configuration of a sandbox as of a revision; immutable, so that threads share it."""

    name: str
    seed: int
    revision: int
    strict: bool
    edition: str
    profile: Profile
    contract: Contract
    """The edition in the platform's own names, as every handler goes by."""
    hospital_contract: Contract
    """The edition as hospitals send and read it, in its dialect where it has one."""
    agency_contract: Contract
    place: Place
    coverage: FilingCoverage
    policies: PolicyBook
    catalogues: CatalogueBook
    institutions: InstitutionBook
    agencies: Mapping[str, Agency]
    faulty: bool
    """True if the table of faults has rows; messages do not read the table otherwise."""

    def is_remote(self, head: Head) -> bool:
        """True where the header names two different places; selects the variant of the contract."""
        return self.coverage.is_remote(head.treated_area, head.insured_area)

    def agency_for(self, area: str) -> Agency | None:
        """Agency registered for the area or else for its city or province; None if the place is simulated."""
        for prefix in (area, area[:4] + "00", area[:2] + "0000"):
            found = self.agencies.get(prefix)
            if found is not None:
                return found
        return None


def configure(work: UnitOfWork, row: SandboxRow, shipped: Defaults) -> Config:
    """Builds the configuration of a sandbox: its own rows over the data files in `shipped`."""
    contract = contract_of(row.edition)
    policies = shipped.policies
    for city in work.find(tables.policy, order="area"):
        policies = policies.with_city(city.body, city.name)
    catalogues = shipped.catalogues
    for own in work.find(tables.catalogue, order="area"):
        catalogues = catalogues.with_items(own.area, json.loads(own.body))
    institutions = shipped.institutions
    for put in work.find(tables.institution, order="code"):
        institutions = institutions.with_institution(Institution.from_json(put.code, json.loads(put.body)))
    coverage = shipped.coverage
    return Config(
        name=row.name,
        seed=row.seed,
        revision=row.revision,
        strict=bool(row.strict),
        edition=row.edition,
        profile=Profile(**json.loads(row.gateway)),
        contract=contract.plain,
        hospital_contract=contract,
        agency_contract=contract_of(row.edition, overlays=("agency",)),
        place=Place(contract.plain.edition, policies, coverage),
        coverage=coverage,
        policies=policies,
        catalogues=catalogues,
        institutions=institutions,
        agencies={each.area: Agency(area=each.area, **json.loads(each.body)) for each in work.find(tables.agency)},
        faulty=bool(work.find(tables.fault)),
    )

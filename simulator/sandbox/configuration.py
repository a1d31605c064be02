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
    """Who answers for the people insured in an area and below it."""

    area: str
    url: str
    timeout_s: float = 30.0
    edition: str = ""
    profile: Mapping[str, Any] = field(default_factory=dict)
    capabilities: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Defaults:
    """The files every sandbox starts from: the product's own, with a user's data folder laid over them."""

    policies: PolicyBook
    catalogues: CatalogueBook
    institutions: InstitutionBook
    coverage: FilingCoverage


@dataclass(frozen=True, slots=True)
class Config:
    """What a sandbox goes by, as of one revision; nothing in it changes while messages run."""

    name: str
    seed: int
    revision: int
    strict: bool
    edition: str
    profile: Profile
    contract: Contract
    agency_contract: Contract
    place: Place
    coverage: FilingCoverage
    policies: PolicyBook
    catalogues: CatalogueBook
    institutions: InstitutionBook
    agencies: Mapping[str, Agency]
    faulty: bool
    """Whether any fault was ever ordered; without one the table is not read."""

    def is_remote(self, head: Head) -> bool:
        """Whether the header names two different places; selects the variant of the contract."""
        return self.coverage.is_remote(head.treated_area, head.insured_area)

    def agency_for(self, area: str) -> Agency | None:
        """The agency registered for the area, or for the nearest area above it."""
        for prefix in (area, area[:4] + "00", area[:2] + "0000"):
            found = self.agencies.get(prefix)
            if found is not None:
                return found
        return None


def configure(work: UnitOfWork, row: SandboxRow, shipped: Defaults) -> Config:
    """The configuration of a sandbox as its rows have it, laid over the files that it starts from."""
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
        contract=contract,
        agency_contract=contract_of(row.edition, overlays=("agency",)),
        place=Place(contract.edition, policies, coverage),
        coverage=coverage,
        policies=policies,
        catalogues=catalogues,
        institutions=institutions,
        agencies={each.area: Agency(area=each.area, **json.loads(each.body)) for each in work.find(tables.agency)},
        faulty=bool(work.find(tables.fault)),
    )

"""Editions that the pages show: the shipped ones and those in use here. A name from an address opens no folder."""

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.contract import Contract, contract_of
from simulator.contract.example_coverage import EDITIONS
from simulator.core.errors import SimulatorError
from simulator.platform import Platform
from simulator.store.store import Gone

AGENCY = "agency"
"""The overlay of what platform and insured place say to each other; an edition's name with +agency means it."""
MOST_SANDBOXES = 200
"""Sandboxes that are asked for the edition they go by."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An edition by the name it has in addresses; `used_by` names sandboxes."""

    name: str
    spec: str
    """Argument that loads the edition: a shipped name or a folder."""
    contract: Contract
    used_by: tuple[str, ...] = ()

    @property
    def is_agency(self) -> bool:
        return self.name.endswith(f"+{AGENCY}")

    @property
    def other_side(self) -> str:
        """The same edition with or without the overlay."""
        return self.name.removesuffix(f"+{AGENCY}") if self.is_agency else f"{self.name}+{AGENCY}"


class Editions:
    """The editions of one platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def all(self) -> list[Shown]:
        """The shipped ones in their order, then those that the platform or a sandbox was given as a folder."""
        used = self._used()
        found = {name: Shown(name, name, contract_of(name), tuple(used.pop(name, ()))) for name in EDITIONS}
        for spec, sandboxes in used.items():
            contract = contract_of(spec)
            name = contract.edition.name
            if name in found:
                name = f"{name}~{contract.edition.digest[:8]}"
            found[name] = Shown(name, spec, contract, tuple(sandboxes))
        return list(found.values())

    def find(self, name: str) -> Shown | None:
        """The edition of that name, or None."""
        base, plus, overlay = name.partition("+")
        if plus and overlay != AGENCY:
            return None
        spec = base if base in EDITIONS else next((each.spec for each in self.all() if each.name == base), None)
        return None if spec is None else Shown(name, spec, contract_of(spec, (AGENCY,) if plus else ()))

    def _used(self) -> dict[str, list[str]]:
        """Editions in use as they were given, with the sandboxes that go by each where all may know their names."""
        used: dict[str, list[str]] = {}
        for spec, sandbox in self._pairs():
            used.setdefault(spec, []).extend([sandbox] if sandbox and not self._platform.settings.token else [])
        return used

    def _pairs(self) -> Iterator[tuple[str, str]]:
        yield self._platform.settings.edition, ""
        for name in self._platform.sandboxes.names()[:MOST_SANDBOXES]:
            sandbox = self._platform.sandboxes.get(name)
            if sandbox is not None:
                try:
                    yield sandbox.current_config().edition, name
                except (SimulatorError, Gone):
                    # Deleted meanwhile, or its own files are broken: it says so itself when it is used.
                    continue

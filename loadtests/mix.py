"""The mix of a load: a YAML file that says where, who, how many charges, and how often things go otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from simulator.core.errors import DataFaults
from simulator.core.schema_errors import Shape, shape
from simulator.core.strict_yaml import Document, parse_yaml, read_yaml
from simulator.core.texts import text

PER_MILLE = 1000
_RANGES = ("charges.quantity", "charges.price_fen", "think_ms")


@dataclass(frozen=True, slots=True)
class Mix:
    """Mix of the simulated hospitals' work; the words are those of the file."""

    insured_at: str
    treated_at: str
    institution: str
    med_type: str
    disease: str
    people: int
    vouchers: Mapping[str, int]
    lines: int
    quantity: tuple[int, int]
    price_fen: tuple[int, int]
    previews: int
    shares: Mapping[str, int]
    think_ms: tuple[int, int]
    seed: int

    def share(self, name: str) -> float:
        """Of visits, 0 to 1."""
        return self.shares.get(name, 0) / PER_MILLE

    @property
    def elsewhere(self) -> bool:
        """True where the person needs a filing: the treatment place is not the insured place."""
        return self.insured_at != self.treated_at


def load_mix(path: Path | None = None) -> Mix:
    """The mix of a file, or the shipped one; raises DataFaults with file, line and path."""
    if path is None:
        return read_mix(resources.files(__package__).joinpath("mix.yaml").read_bytes(), "mix.yaml")
    return _mix(read_yaml(path, _shape()))


def read_mix(raw: bytes | str, name: str) -> Mix:
    """The mix of a text; `name` stands for the file in faults."""
    return _mix(parse_yaml(raw, name, _shape()))


def _shape() -> Shape:
    return shape("simulator.loadtests", "mix.schema.json")


def _mix(document: Document) -> Mix:
    _refuse_nonsense(document)
    data: Mapping[str, Any] = document.data
    charges = data["charges"]
    return Mix(
        insured_at=data["insured_at"],
        treated_at=data["treated_at"],
        institution=data.get("institution", ""),
        med_type=data["med_type"],
        disease=data["disease"],
        people=data["people"],
        vouchers=data["vouchers"],
        lines=charges["lines"],
        quantity=_range(charges["quantity"]),
        price_fen=_range(charges["price_fen"]),
        previews=data["previews"],
        shares=data["shares"],
        think_ms=_range(data.get("think_ms", [0, 0])),
        seed=data.get("seed", 0),
    )


def _range(pair: list[int]) -> tuple[int, int]:
    return pair[0], pair[1]


def _refuse_nonsense(document: Document) -> None:
    faults = []
    for path in _RANGES:
        value: Any = document.data
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value and value[0] > value[1]:
            faults.append(document.fault(path, text("load.range", lowest=value[0], highest=value[1])))
    if not any(document.data["vouchers"].values()):
        faults.append(document.fault("vouchers", text("load.no_voucher")))
    if faults:
        raise DataFaults(faults)

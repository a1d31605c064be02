"""The kinds of care that a city file tells apart, `care.yaml`: their med_types, and whether they carry a disease."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml

FILE = "care.yaml"
SPECIAL_DISEASE, OUTPATIENT, INPATIENT = "special_disease", "outpatient", "inpatient"


@dataclass(frozen=True, slots=True)
class Care:
    """Kind of care as the table describes it; `care.schema.json` says what each column means."""

    name: str
    code: str
    med_types: tuple[str, ...]
    disease: str
    stay: bool = False


def read_care(raw: bytes, name: str) -> dict[str, Care]:
    """Reads a table of kinds of care; raises DataFaults with line and path."""
    data = parse_yaml(raw, name, shape("simulator.domain", "care.schema.json")).data["care"]
    return {care: Care(care, **{**stated, "med_types": tuple(stated["med_types"])}) for care, stated in data.items()}


CARE: Mapping[str, Care] = read_care(resources.files("simulator.domain").joinpath(FILE).read_bytes(), FILE)
_OF_MED_TYPE = {med_type: care.name for care in CARE.values() for med_type in care.med_types}


def care_of(med_type: str) -> str:
    """The kind of care of a meaning of med_type; an unmapped one is ordinary outpatient care."""
    return _OF_MED_TYPE.get(med_type, OUTPATIENT)

"""The two engines behind a Shape: what the quick one lets pass, the reference one has nothing against."""

import copy
import itertools
import json
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import read_yaml
from simulator.harness.scenario import loader

ROOT = Path(str(resources.files("simulator")))
SCHEMAS = sorted(ROOT.glob("*/*.schema.json"))
STRANGE = (
    None,
    True,
    -1,
    1.5,
    "",
    "0",
    "\n",
    "x\n",
    "七台河",
    "２",
    [],
    {},
    {"x": 1},
    float("nan"),
    10**30,
    Decimal("2.0"),
    Decimal("1E+1"),
)


def one_change_each(data):
    """The data with one value put in the place of another, one member gone, one member more: each place once."""
    for way in ways_into(data):
        for strange in STRANGE:
            yield with_change(data, way, lambda holder, key, strange=strange: holder.__setitem__(key, strange))
        yield with_change(data, way, lambda holder, key: holder.pop(key))
        yield with_change(data, way, lambda holder, key: holder.update(more=1) if isinstance(holder, dict) else None)


def ways_into(data, way=()):
    members = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, inner in members:
        yield (*way, key)
        yield from ways_into(inner, (*way, key))


def with_change(data, way, change):
    changed = copy.deepcopy(data)
    holder = changed
    for key in way[:-1]:
        holder = holder[key]
    change(holder, way[-1])
    return changed


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_every_schema_file_is_a_schema(path):
    Draft7Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("wanted", "file"),
    [
        (shape("simulator.benefit", "city.schema.json"), "benefit/policies/230900.yaml"),
        (shape("simulator.contract", "edition.schema.json"), "contract/editions/agency/edition.yaml"),
        (loader._shape_of("scenario.schema.json"), "../scenarios/caps/half-at-home-rest-elsewhere.scenario.yaml"),
        (shape("simulator.people", "population.schema.json"), "people/population.yaml"),
    ],
    ids=["city", "edition", "scenario", "population"],
)
def test_the_quick_engine_lets_pass_what_the_reference_engine_lets_pass(wanted, file):
    data = read_yaml(ROOT / file).data
    step = max(1, sum(1 for _ in ways_into(data)) * (len(STRANGE) + 2) // 400)
    passed = [changed for changed in itertools.islice(one_change_each(data), 0, None, step) if wanted.is_kept(changed)]
    assert passed
    assert [error.message for changed in passed for error in wanted.errors(changed)] == []

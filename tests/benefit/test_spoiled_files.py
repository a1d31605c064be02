"""A city file with anything put anywhere is taken and works, or is refused with its faults: never a traceback."""

import copy
import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.benefit import Award, PolicyBook, award
from simulator.core.errors import DataFaults, PolicyGap, Refusal
from tests.benefit.worlds import claims

pytestmark = pytest.mark.slow

BOOK = PolicyBook.shipped()
FILES = {area: BOOK.files[area].document.data for area in ("330100", "990100")}
"""A city with layers of its own, and one with a row of every kind."""
DAYS = (date(2022, 1, 1), date(2025, 6, 1), date(2030, 1, 1))

odd = [
    "0.00",
    "1",
    "0.5",
    "1.0001",
    "2025-13-01",
    "9999-12-31",
    "0001-01-01",
    "M07803",
    "two_diseases",
    "kidneys",
    "any",
    "unlimited",
    "ordinary",
    "99999999999999.00",
]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**20), st.text(max_size=8), st.floats(), st.sampled_from(odd)
)
anything = st.one_of(scalars, st.lists(scalars, max_size=2), st.dictionaries(st.text(max_size=4), scalars, max_size=2))


def places(data, path=()):
    """Every path into the file."""
    yield path
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inside:
        yield from places(value, (*path, key))


PATHS = [
    (area, path)
    for area, data in FILES.items()
    for path in places(data)
    if path and path[0] not in ("area", "examples")
]


def spoiled(area, path, value):
    data = copy.deepcopy(FILES[area])
    target = data
    for key in path[:-1]:
        target = target[key]
    if value is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return data


def taken(given):
    """The book with the file in it, or the faults it was refused for."""
    try:
        return BOOK.with_city(given, "given"), ()
    except DataFaults as refused:
        return None, refused.faults


def answered(city, claim, day):
    """The award, or what the rules say instead of one."""
    try:
        return award(claim, city.rules_on(day), {})
    except (PolicyGap, Refusal) as told:
        return told


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PATHS), st.one_of(st.just(...), anything), claims(area="330100"), st.sampled_from(DAYS))
def test_whatever_stands_in_a_file_is_taken_or_refused(place, value, claim, day):
    area, path = place
    book, faults = taken(spoiled(area, path, value))
    assert (book is None) == bool(faults)
    if book is not None:
        city = book.city(area)
        assert json.dumps(city.as_json(day))
        assert isinstance(answered(city, claim, day), (Award, PolicyGap, Refusal))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_refused_with_its_faults(written):
    assert taken(written)[1]


def test_a_file_written_as_json_is_the_same_file():
    again = BOOK.with_city(json.dumps(FILES["330100"]), "330100.json").city("330100")
    assert again.digest == BOOK.city("330100").digest

"""PUT policy: a city file that is wrong, or that its own worked examples contradict, is refused with line and path."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.benefit import PolicyBook

CITY = "230900"
PATH = f"policy/{CITY}"


@pytest.fixture(scope="module")
def written() -> str:
    import simulator.benefit.policies

    return (Path(simulator.benefit.policies.__path__[0]) / f"{CITY}.yaml").read_text(encoding="utf-8")


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def refused(stage, body: Any, path: str = PATH) -> dict[str, Any]:
    before = stage.control("GET", PATH)
    error: dict[str, Any] = stage.control("PUT", path, body, status=400)["error"]
    assert stage.control("GET", PATH) == before
    return error


def test_the_shipped_file_is_taken_as_text_and_as_json_and_is_the_same_city(stage, written):
    data = PolicyBook.shipped().files[CITY].document.data
    taken = stage.control("PUT", PATH, {"text": written})
    assert stage.control("PUT", PATH, json.loads(json.dumps(data, default=str)))["digest"] == taken["digest"]


def test_a_misspelt_rule_is_named_with_its_line_and_the_one_that_was_meant(stage, written):
    spoilt = written.replace("\ndeductible:", "\ndeductable:")
    error = refused(stage, {"text": spoilt, "name": "qitaihe.yaml"})
    first = error["all"][0] if "all" in error else error
    assert "deductible" in error["message"]
    assert f"qitaihe.yaml:{line_of(spoilt, 'deductable:')}" in error["message"], first


def test_a_value_that_is_none_is_named_with_its_path(stage, written):
    error = refused(stage, {"text": written.replace('value: "0.90"', 'value: "1.90"', 1)})
    assert error["path"].startswith("ratio[1]"), error


def test_a_figure_that_its_own_example_contradicts_is_refused_by_the_example(stage, written):
    """Retired, dialysis: 0.90 in the policy; whoever writes 0.80 is told by the example that says what it should be."""
    spoilt = written.replace('category: retired, value: "0.90"', 'category: retired, value: "0.80"', 1)
    error = refused(stage, {"text": spoilt, "name": "qitaihe.yaml"})
    assert error["path"].startswith("examples["), error
    assert "qitaihe.yaml:" in error["message"]


def test_an_example_that_meets_a_gap_names_city_rule_day_and_who_asked(stage, written):
    """The day of the first example put before the city's first figure."""
    spoilt = written.replace('day: "2025-03-01"', 'day: "1999-03-01"', 1)
    error = refused(stage, {"text": spoilt})
    assert error["path"] == "examples[0]"
    for part in (CITY, "1999-03-01"):
        assert part in error["message"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "- a list"},
        {"text": "area: [unclosed"},
        {"text": "area: '230900'\narea: '230900'\n"},
        {"text": "a: &x [*x]"},
        {"text": "!!python/object:os.system {}"},
        {"text": "\x00"},
        {"text": 5},
        {"txt": "x"},
    ],
)
def test_what_is_no_city_file_is_refused(stage, body):
    assert refused(stage, body)["message"]


def test_a_file_of_another_city_is_refused(stage, written):
    assert stage.control("PUT", "policy/330100", {"text": written}, status=400)["error"]["message"]
    assert stage.control("PUT", "policy/239999", {"text": written}, status=None)["error"]["message"]


def test_a_gap_that_a_message_meets_is_told_on_the_wire_and_keeps_nothing(stage, written):
    """No figure for a day before the file begins: never a silent zero."""
    stage.now("2001-03-10 09:00:00")
    patient = stage.patient(registrations=[{"disease": "M07800", "from": "2000-01-01"}])
    visit = stage.hospital.visit(patient)
    assert visit.charge(visit.session("400.00")).ok
    answer = visit.settle("400.00")
    assert not answer.ok
    assert CITY in answer.err_msg
    assert "2001-03-10" in answer.err_msg
    assert stage.control.audit()["entries"] == 0


def test_every_version_of_an_item_that_is_put_into_a_catalogue_holds_on_its_days(stage):
    """The price of a day: 10.00 in 2024, 12.00 from 2025; a later call replaces all versions of the code."""
    shared = {"code": "C0000000001", "name": "试", "kind": "consumable", "level": "甲"}
    until, since = {"valid_to": "2024-12-31"}, {"valid_from": "2025-01-01"}
    versions = [{**shared, **until, "price_ceiling": "10.00"}, {**shared, **since, "price_ceiling": "12.00"}]
    stage.control("PUT", "catalogue/510100", {"items": versions})
    assert [price(stage, on) for on in ("2024-12-31", "2025-01-01")] == ["10.00", "12.00"]
    stage.control("PUT", "catalogue/510100", {"items": [{**shared, "price_ceiling": "11.00"}]})
    assert [price(stage, on) for on in ("2024-12-31", "2025-01-01")] == ["11.00", "11.00"]


def price(stage, on):
    (item,) = [
        each
        for each in stage.control("GET", f"catalogue?area=510100&on={on}")["items"]
        if each["code"] == "C0000000001"
    ]
    return item["price_ceiling"]

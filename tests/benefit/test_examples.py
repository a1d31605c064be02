"""Every worked example of every shipped city file."""

from datetime import date

import pytest

from simulator.benefit import PolicyBook, failing_examples
from simulator.benefit.examples import run_example

BOOK = PolicyBook.shipped()
EXAMPLES = [
    pytest.param(area, example, id=f"{area} {example['name']}")
    for area, file in sorted(BOOK.files.items())
    for example in file.examples
]


@pytest.mark.parametrize(("area", "example"), EXAMPLES)
def test_the_file_keeps_its_word(area, example):
    city = BOOK.city(area)
    mine = [fault for fault in failing_examples(city) if example["name"] in fault.sentence.zh]
    assert mine == []


@pytest.mark.parametrize(("area", "example"), EXAMPLES)
def test_every_reason_has_both_languages_and_a_source(area, example):
    for step in run_example(BOOK.city(area), example).steps:
        assert step.sentence.zh
        assert step.sentence.en
        # A layer without figures has none to show; the split itself is arithmetic.
        assert bool(step.source) == bool(step.value) or step.rule in ("scope", "filing", "pool", "result")


@pytest.mark.parametrize("area", sorted(set(BOOK.files) - {"national"}))
def test_every_shipped_city_carries_examples(area):
    assert BOOK.city(area).examples


@pytest.mark.parametrize("area", [*sorted(BOOK.files), "110000"])
def test_every_rule_in_force_shows_value_source_and_reference(area):
    shown = BOOK.city(area).as_json(date(2025, 6, 1))["rules"]
    assert all(rule["source"] and rule["reference"] for rule in shown if rule["value"] is not None)

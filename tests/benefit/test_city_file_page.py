"""The page about the city file: its first file loads, its example comes out, and the loader says nothing beyond it."""

import re
from pathlib import Path

import pytest
import yaml

from simulator.benefit import PolicyBook
from simulator.benefit.city_file import RULES
from tests.support import city_file_page

ROOT = Path(__file__).parents[2]
PAGES = ("docs/city-file.md", "docs/city-file.zh-CN.md")
LOADERS = ("simulator/core/strict_yaml.py", "simulator/core/schema_errors.py")


@pytest.mark.parametrize("name", PAGES)
def test_the_file_that_the_page_begins_with_is_loaded_and_its_example_comes_out(name, tmp_path):
    written = re.search(r"```yaml\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL).group(1)
    (tmp_path / "990200.yaml").write_text(written, encoding="utf-8")
    city = PolicyBook.load(tmp_path).city("990200")
    assert len(city.examples) == 1
    wrong = written.replace('pool: "450.00"', 'pool: "450.01"')
    (tmp_path / "990200.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(Exception, match=r"450\.00"):
        PolicyBook.load(tmp_path)


def test_every_sentence_of_the_loader_has_a_remedy():
    asked = {key for file in LOADERS for key in re.findall(r'text\("(data\.\w+)"', (ROOT / file).read_text("utf-8"))}
    parts = {"data.hint"}
    assert city_file_page.error_keys() == city_file_page.loader_keys() | (asked - parts)


def test_every_rule_has_a_row_in_the_example_city():
    stated = yaml.safe_load(city_file_page.policy_text(city_file_page.EXAMPLE_CITY))
    left_to_the_defaults = {"deductible_per", "above_disease_cap", "account_pays"}
    assert set(RULES) - set(stated) == left_to_the_defaults
    used = {key for rule in RULES for row in stated.get(rule, ()) for key in row}
    assert {"scope", "care", "disease", "hospital_level", "period", "shared_with", "brackets", "group"} <= used
    periods = {row["period"] for rule in RULES for row in stated.get(rule, ()) if "period" in row}
    assert periods == {"quarter", "month", "visit", "stay"}

"""Generated blocks and pages of the documentation are those of today's product."""

import re
from functools import cache
from pathlib import Path

import pytest

from simulator.core.errors import DataFaults
from tests.support import generated_docs, reliability
from tests.support.page_blocks import with_block

ROOT = Path(__file__).parents[1]
NAMES = (
    *generated_docs.READMES,
    *("docs/agency-protocol-reference.md", "docs/rules.md", "docs/rules.zh-CN.md"),
    *("docs/sources.md", "docs/sources.zh-CN.md", "docs/city-file.md", "docs/city-file.zh-CN.md"),
    *("docs/refusals.md", "docs/refusals.zh-CN.md"),
    *("docs/requirements.md", "docs/requirements.zh-CN.md", "scenarios/tables/areas.table.csv"),
    *("docs/reliability.md", "docs/reliability.zh-CN.md", "scenarios/README.md"),
)

pages = cache(generated_docs.pages)


@pytest.mark.parametrize("name", NAMES)
def test_make_docs_would_change_nothing(name):
    assert pages()[name] == generated_docs.written(name), "run: make docs"


def test_every_generated_page_is_compared():
    assert set(NAMES) == set(pages())


def test_file_of_figures_in_another_form_is_refused_with_its_path(tmp_path, monkeypatch):
    (tmp_path / "soak.json").write_text('{"title": {"zh": "浸泡", "en": "soak"}, "figures": []}', encoding="utf-8")
    monkeypatch.setattr(reliability, "FOLDER", tmp_path)
    with pytest.raises(DataFaults, match=r"soak\.json figures"):
        reliability.page()


def test_a_block_that_lags_behind_is_written_anew():
    stale = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb"
    assert with_block(stale, "x", "new") == "a\n<!-- x: begin -->\nnew\n<!-- x: end -->\nb"


def test_a_missing_block_is_told():
    with pytest.raises(ValueError, match="no block x"):
        with_block("a", "x", "new")


@pytest.mark.parametrize("file", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda file: file.name)
def test_every_link_between_pages_leads_to_a_file_and_an_anchor(file):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        if "://" in target:
            continue
        there = (file.parent / name) if name else file
        if not there.exists() or (anchor and f'<a id="{anchor}"></a>' not in there.read_text(encoding="utf-8")):
            broken.append(target)
    assert broken == []

"""An environment that has the product must not notice it before a fixture is used."""

import json
import subprocess
import sys

from tests.plugin.running import PLUGINS, run_pytest

WATCH = """
import json, sys, threading
from pathlib import Path

def pytest_sessionfinish():
    children = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    seen = {"modules": sorted(sys.modules), "threads": threading.active_count(), "children": "".join(children).split()}
    Path("seen.json").write_text(json.dumps(seen))
"""
HEAVY = (
    "flask",
    "sqlalchemy",
    "requests",
    "urllib3",
    "jsonschema",
    "jsonschema_rs",
    "msgspec",
    "yaml",
    "granian",
    "faker",
    "click",
)


def test_nothing_is_imported_or_started_before_a_fixture_is_used(tmp_path):
    (tmp_path / "conftest.py").write_text(WATCH)
    (tmp_path / "test_theirs.py").write_text("def test_it(): pass\n")
    (tmp_path / "data.yaml").write_text("a: [")
    assert run_pytest(tmp_path).code == 0
    seen = json.loads((tmp_path / "seen.json").read_text())
    ours = [name for name in seen["modules"] if name.split(".")[0] == "simulator"]
    allowed = {"simulator", "simulator.harness", "simulator.testing", *PLUGINS}
    assert set(ours) <= allowed
    assert [name for name in seen["modules"] if name in HEAVY] == []
    assert (seen["threads"], seen["children"]) == (1, [])


def test_the_fixture_contract_starts_no_process(tmp_path):
    (tmp_path / "conftest.py").write_text(WATCH)
    (tmp_path / "test_theirs.py").write_text("def test_it(contract): contract.check(contract.example('1101'))\n")
    assert run_pytest(tmp_path).code == 0
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert (seen["threads"], seen["children"]) == (1, [])
    assert "flask" not in seen["modules"]


def test_importing_the_plugins_costs_next_to_nothing():
    code = (
        "import pytest, time; before = time.process_time()\n"
        f"import {', '.join(PLUGINS)}\n"
        "print(time.process_time() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # Two small modules; 0.05 s of processor is ten times what they take.
    assert float(done.stdout) < 0.05


def test_a_suite_with_options_and_fixtures_of_the_same_plain_names_is_undisturbed(tmp_path):
    (tmp_path / "conftest.py").write_text(
        "import pytest\n"
        "def pytest_addoption(parser):\n"
        "    for name in ('platform', 'agency', 'seed', 'data', 'use', 'url', 'edition', 'sandbox'):\n"
        "        parser.addoption(f'--{name}', default='theirs')\n"
        "@pytest.fixture\n"
        "def contract(request): return request.config.getoption('--platform')\n"
    )
    (tmp_path / "test_theirs.py").write_text("def test_it(contract): assert contract == 'theirs'\n")
    (tmp_path / "other.scenario.yml").write_text("a: [")
    done = run_pytest(tmp_path, "--strict-markers", "--strict-config", "-W", "error")
    assert done.code == 0, done.said
    assert done.outcome == {"passed": 1}


def test_the_marks_are_told_by_pytest(tmp_path):
    said = run_pytest(tmp_path, "--markers").said
    assert all(f"@pytest.mark.{name}(" in said for name in ("nhsa_clock", "nhsa_people", "nhsa_edition", "nhsa_strict"))
    assert "national_platform" in run_pytest(tmp_path, "--fixtures").said

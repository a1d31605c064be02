"""The example project is a whole repository; it must be green as its readers will run it."""

import shutil
import tomllib
from pathlib import Path

import pytest

from tests.plugin.running import PLUGINS, run_pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests" / "example_project"


@pytest.fixture
def project(tmp_path):
    """A copy far from this repository, so that nothing of it helps."""
    leave = shutil.ignore_patterns("__pycache__", ".*")
    return Path(shutil.copytree(EXAMPLE, tmp_path / "project", ignore=leave))


def test_the_example_project_is_green(project):
    done = run_pytest(project)
    assert done.code == 0, done.said
    assert done.outcome == {"passed": 7}


def test_the_example_project_is_green_on_two_workers(project):
    done = run_pytest(project, "-n", "2", plugins=(*PLUGINS, "xdist"))
    assert done.code == 0, done.said
    assert done.outcome == {"passed": 7}


def test_the_example_project_fails_when_its_desk_forgets_the_batch(project, running):
    desk = project / "his" / "desk.py"
    desk.write_text(desk.read_text("utf-8").replace('"chrg_bchno": "1"}}\n        try', "}}\n        try"), "utf-8")
    done = run_pytest(project, "-k", "retiree", "--sim-platform", running.platform.url)
    assert done.code == 1
    assert "chrg_bchno" in done.said


def test_the_product_registers_both_plugins_with_pytest():
    points = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["pytest11"]
    # The name of a point is its module, so that `-p <module>` and the entry point are one plugin.
    assert points == {plugin: plugin for plugin in PLUGINS}

"""A checkout runs its own code and plays its own scenarios, whichever checkout the interpreter was installed for."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from simulator import __version__

ROOT = Path(__file__).parents[1]
WHERE = "from simulator.harness.scenario.loader import shipped_folder; import simulator.loadtests as other;"
WHERE += "print(shipped_folder()); print(other.__path__[0])"


@pytest.fixture
def copy(tmp_path):
    """A second checkout, without the scenarios of deductibles."""
    for name in ("simulator", "scenarios", "loadtests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.rmtree(tmp_path / "scenarios" / "deductible")
    return tmp_path


def python(*words, cwd=None, **more):
    """Runs this interpreter, to which the first checkout is installed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment = {**clean, "NHSA_SIM_LANG": "en", **more}
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=environment, check=False, capture_output=True, text=True
    )


def test_a_second_checkout_reads_its_own_scenarios_and_load_tests(copy):
    by_path = python("-c", WHERE, cwd="/", PYTHONPATH=str(copy))
    by_folder = python("-c", WHERE, cwd=copy)
    for done in (by_path, by_folder):
        assert done.stdout.split() == [str(copy / "scenarios"), str(copy / "loadtests")], done.stderr


def test_a_scenario_that_only_the_other_checkout_has_is_not_found(copy):
    done = python("-m", "simulator", "rehearse", "deductible", cwd=copy)
    assert done.returncode == 2
    assert "deductible" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_run_starts_is_of_the_same_checkout(copy):
    """The processes of a run start in a folder that holds another checkout."""
    told = "import os; from simulator.harness.environment.processes import Processes; all = Processes();"
    told += f"os.chdir({str(copy)!r}); started = all.start('version', ['--version'], lasting=False);"
    told += "started.popen.wait(); print(started.last_lines()); all.end()"
    (copy / "simulator" / "__init__.py").write_text('__version__ = "9.9.9"\n')
    done = python("-c", told, cwd=ROOT)
    assert f"version {__version__}" in done.stdout, done.stderr


def test_code_without_scenarios_says_so_and_never_takes_those_of_another_checkout(copy):
    shutil.rmtree(copy / "scenarios")
    done = python("-m", "simulator", "rehearse", cwd=copy)
    assert done.returncode == 2
    assert f"does not belong to {copy / 'simulator'}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["simulator", "simulator.cli"])
def test_modules_that_are_the_command_answer_as_it_does(module, tmp_path):
    done = python("-m", module, "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, f"nhsa-sim, version {__version__}")


def test_distribution_and_program_have_one_version():
    assert version("nhsa-sim") == __version__

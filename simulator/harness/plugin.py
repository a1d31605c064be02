"""The pytest plugin: every `*.scenario.yaml` that pytest is given is a test, and nothing else is touched.

Imported by every pytest run of an environment that has the product: it imports the harness late and starts nothing
before the first scenario runs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.harness.environment.environment import Environment
    from simulator.harness.execution.results import RunInfo, ScenarioResult
    from simulator.harness.scenario.definition import Scenario

SUFFIX = ".scenario.yaml"
_USES = ("self", "insured", "treatment")
_UNCHECKED = "literals"
"""Property of a test whose literal amounts were not checked: the sentence that says why."""


class ScenarioFailed(AssertionError):
    """A scenario found something; the text names field, wanted, got and likely cause."""


class RehearsalBroken(Exception):
    """The rehearsal could not go on; says nothing about the system under test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("nhsa-sim", "nhsa-sim scenarios")
    group.addoption("--sim-platform", metavar="URL", default="", help="a platform that is up already")
    group.addoption("--sim-use", action="append", choices=_USES, help="uses to play (default: self)")
    group.addoption("--sim-seed", type=int, default=230900, metavar="N", help="seed of the people")
    group.addoption("--sim-agency", action="append", metavar="AREA=URL", help="a real insured place")
    group.addoption("--sim-data", default="", metavar="DIR", help="folder with your own policies and catalogues")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.name.endswith(SUFFIX):
        file: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
        return file
    return None


def pytest_unconfigure(config: pytest.Config) -> None:
    stage = config.stash.get(_STAGE, None)
    if stage is not None:
        stage.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # Read from the reports, which reach this process also from the workers of pytest-xdist.
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.getreports(kind)]
    for report in reports:
        for name, sentence in getattr(report, "user_properties", ()):
            if name == _UNCHECKED and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid}: {sentence}")


class ScenarioFile(pytest.File):
    """Scenario file as a pytest collector; a test for each scenario and use."""

    def collect(self) -> Iterator["ScenarioItem"]:
        from simulator.core.errors import DataFaults
        from simulator.harness.scenario.loader import read_scenarios

        try:
            scenarios = read_scenarios(self.path)
        except DataFaults as error:
            raise self.CollectError(str(error)) from None
        for scenario in scenarios:
            for use in self.config.getoption("--sim-use") or ["self"]:
                yield ScenarioItem.from_parent(self, name=f"{scenario.name.zh}[{use}]", scenario=scenario, use=use)


class ScenarioItem(pytest.Item):
    """A scenario in one use."""

    def __init__(self, *, scenario: "Scenario", use: str, **more: Any) -> None:
        super().__init__(**more)
        self.scenario = scenario
        self.use = use
        for mark in sorted({*scenario.all_marks, use}):
            self.config.addinivalue_line("markers", f"{mark}: scenarios marked so")
            self.add_marker(mark)
        self.extra_keyword_matches.add(scenario.id)

    def runtest(self) -> None:
        from simulator.core.texts import text
        from simulator.harness.execution.results import BROKEN, FAILED, NOT_APPLICABLE, NOT_TESTED
        from simulator.harness.report.wording import failure_text

        stage = _stage(self.session)
        result = stage.play(self.scenario, self.use)
        self.user_properties += [("use", self.use), ("seed", stage.info.seed), ("sandbox", result.sandbox)]
        if result.unchecked is not None:
            self.user_properties.append((_UNCHECKED, str(text("harness.literals_unchecked", reason=result.unchecked))))
        if result.status in (NOT_TESTED, NOT_APPLICABLE):
            pytest.skip(str(result.reason))
        if result.status == BROKEN:
            raise RehearsalBroken(str(result.reason))
        if result.status == FAILED:
            raise ScenarioFailed(str(failure_text(result, stage.info)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from simulator.core.errors import SimulatorError

        if isinstance(excinfo.value, (ScenarioFailed, RehearsalBroken, SimulatorError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name


class _Stage:
    """The parties of one pytest run, opened by the first scenario that runs."""

    def __init__(self, environment: "Environment", info: "RunInfo", run: str) -> None:
        self._environment = environment
        self._modes: dict[str, Any] = {}
        self._run = run
        self.info = info

    def play(self, scenario: "Scenario", use: str) -> "ScenarioResult":
        from simulator.harness.execution.results import ScenarioEnded
        from simulator.harness.execution.runner import Stage, play

        if use not in self._modes:
            self._modes[use] = self._environment.mode(use)
        stage = Stage(self._environment.connect(), self.info.seed, self._run, check_alive=self._environment.refuse_dead)
        *_, last = play(stage, self._modes[use], scenario)
        assert isinstance(last, ScenarioEnded)
        return last.result

    def close(self) -> None:
        self._environment.__exit__(None, None, None)


_STAGE = pytest.StashKey[_Stage]()


def _stage(session: pytest.Session) -> _Stage:
    stage = session.config.stash.get(_STAGE, None)
    if stage is None:
        stage = session.config.stash[_STAGE] = _open(session)
    return stage


def _open(session: pytest.Session) -> _Stage:
    from simulator.harness.environment.environment import Environment
    from simulator.harness.environment.plan import Plan
    from simulator.harness.execution.rehearsal import information, new_run

    items = [item for item in session.items if isinstance(item, ScenarioItem)]
    option = session.config.getoption
    agencies = dict(each.split("=", 1) for each in option("--sim-agency") or ())
    plan = Plan(
        tuple({item.scenario.id: item.scenario for item in items}.values()),
        uses=tuple(dict.fromkeys(item.use for item in items)),
        seed=option("--sim-seed"),
        agencies=agencies,
        platform=option("--sim-platform"),
        data=option("--sim-data"),
        paths=tuple(dict.fromkeys(item.path for item in items)),
        command="pytest",
    )
    run = new_run()
    environment = Environment(plan, run).__enter__()
    return _Stage(environment, information(plan, environment), run)

"""Bench on which a defective system is played: a single platform, fresh sandboxes and books for each defect."""

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from simulator.core.errors import SetupError
from simulator.core.texts import Text, text
from simulator.harness.environment.client import PlatformClient, SandboxClient
from simulator.harness.environment.modes import Mode
from simulator.harness.environment.processes import Processes
from simulator.harness.execution.rehearsal import new_run
from simulator.harness.execution.results import BROKEN, FAILED, PASSED, ScenarioEnded, ScenarioResult
from simulator.harness.execution.runner import Stage, own_fault, play
from simulator.harness.hospital.defects import with_defects
from simulator.harness.hospital.hospital import ReferenceHospital
from simulator.harness.hospital.logbook import Logbook
from simulator.harness.scenario.definition import INSURED, TREATMENT, Scenario, areas_with_agencies
from simulator.self_check.agency_server import AgencyServer, agency_server
from simulator.self_check.catalogue import HOSPITAL, Defect
from simulator.testing.shared_platform import start

AGENCY_PATIENCE_S, HOSPITAL_PATIENCE_S = 10.0, 3.0
"""Seconds that a task on the board may take; a hospital that leaves an act out is waited for so long."""
_ACT_S = 2.0
"""Seconds of trying before the reference hospital gives an act up."""
_ENDS_S = 5.0


@dataclass(frozen=True, slots=True)
class Played:
    """Outcome of the scenarios played against a defective system, or against a sound one."""

    scenarios: int
    """Number of scenarios that were played to their end."""
    failure: ScenarioResult | None = None
    """First result that failed; broken where the run could not go on."""
    error: Text | None = None
    """Sentence about an exception in the defective system, whose failures say nothing about its defect."""


class Bench:
    """Platform with everything that the defective systems need."""

    def __init__(
        self, scenarios: Sequence[Scenario], seed: int, platform: PlatformClient, server: AgencyServer
    ) -> None:
        self._scenarios = scenarios
        self._seed = seed
        self._platform = platform
        self._server = server
        self._areas = areas_with_agencies(scenarios)

    def play(self, side: str, defect: Defect | None = None) -> Played:
        """Plays scenarios until the first that fails, those that the catalogue names first; without a defect all."""
        names = (defect.name,) if defect is not None else ()
        scenarios = self._ordered(defect)
        errors: list[Exception] = []
        if side == HOSPITAL:
            played = self._play_hospital(scenarios, names, errors)
        else:
            with self._server.agencies(self._areas, names, errors) as urls:
                played = self._play(Mode(INSURED, urls, patience_s=AGENCY_PATIENCE_S), scenarios, new_run())
        return replace(played, error=own_fault(errors[0])) if errors else played

    def _ordered(self, defect: Defect | None) -> list[Scenario]:
        shown = defect.shown_by if defect is not None else ()
        rank = {name: index for index, name in enumerate(shown)}
        return sorted(self._scenarios, key=lambda each: rank.get(each.id, len(rank)))

    def _play(self, mode: Mode, scenarios: Sequence[Scenario], run: str) -> Played:
        stage = Stage(self._platform, self._seed, run)
        count = 0
        for scenario in scenarios:
            *_, ended = play(stage, mode, scenario)
            assert isinstance(ended, ScenarioEnded)
            count += ended.result.status in (PASSED, FAILED)
            if ended.result.status in (FAILED, BROKEN):
                return Played(count, ended.result)
        return Played(count)

    def _play_hospital(self, scenarios: Sequence[Scenario], names: tuple[str, ...], errors: list[Exception]) -> Played:
        run = new_run()
        sandbox = self._platform.sandbox(f"{run}-treatment")
        self._platform.control("POST", "sandboxes", {"name": sandbox.name, "seed": self._seed})
        mode = Mode(TREATMENT, {}, {}, ("all",), sandbox.name, HOSPITAL_PATIENCE_S)
        with _hospital(sandbox, names, errors):
            try:
                return self._play(mode, scenarios, run)
            finally:
                # Also ends the hospital's waiting for a task.
                with suppress(SetupError):
                    self._platform.control("DELETE", f"sandboxes/{sandbox.name}")


@contextmanager
def bench(scenarios: Sequence[Scenario], seed: int) -> Iterator[Bench]:
    """Bench with a platform in a process of its own; raises SetupError where it cannot be set up."""
    running = start()
    processes = Processes()
    try:
        with tempfile.TemporaryDirectory(prefix="nhsa-sim-") as folder, agency_server(Path(folder)) as server:
            people = _export_people(processes, Path(folder) / "people", seed)
            for area in areas_with_agencies(scenarios):
                server.prepare(area, people / f"people-{area}.json")
            yield Bench(scenarios, seed, running.platform, server)
    finally:
        processes.end()
        running.end()


def _export_people(processes: Processes, folder: Path, seed: int) -> Path:
    arguments = ["people", "export", "--seed", str(seed), "-o", str(folder)]
    processes.finish(processes.start(str(text("harness.party_export")), arguments, lasting=False))
    return folder


@contextmanager
def _hospital(sandbox: SandboxClient, names: tuple[str, ...], errors: list[Exception]) -> Iterator[None]:
    """Reference hospital with these defects, in a thread of its own; `errors` takes the exception that ends it."""
    ended = threading.Event()

    def serve() -> None:
        # SQLite gives a connection to one thread.
        with tempfile.TemporaryDirectory(prefix="nhsa-sim-") as folder:
            book = Logbook(Path(folder))
            hospital = ReferenceHospital(sandbox, book, ("all",), _ACT_S, lambda _title, _state, _told: None)
            try:
                with_defects(hospital, names).run(lambda: not ended.is_set())
            except Exception as error:  # noqa: BLE001 (told with the verdict)
                errors.append(error)
            finally:
                book.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=_ENDS_S)

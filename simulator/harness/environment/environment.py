"""Environment of a run: parties given by address, or started here on free ports with temporary stores."""

import contextlib
import shutil
import socket
from collections.abc import Mapping
from types import TracebackType
from urllib.parse import urlsplit

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.harness.environment.client import PlatformClient, connect
from simulator.harness.environment.modes import Mode
from simulator.harness.environment.plan import Plan
from simulator.harness.environment.processes import Processes, free_port
from simulator.harness.scenario.definition import INSURED, TREATMENT, areas_with_agencies
from simulator.harness.scenario.library import scenario_files


class Environment:
    """Platform, agencies and hospital of a run; processes started here end with it."""

    def __init__(self, plan: Plan, run: str) -> None:
        self._plan = plan
        self._run = run
        self._processes = Processes()
        self._agencies: Mapping[str, str] = plan.agencies
        self._treatment = plan.sandbox or f"{run}-treatment"
        self.url = plan.platform.rstrip("/")

    def __enter__(self) -> "Environment":
        try:
            self._start()
        # Also on Ctrl-C: processes started so far must not outlive the run.
        except BaseException:
            self._processes.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if TREATMENT in self._plan.uses and not self._plan.sandbox and not self._plan.keep and error is None:
            # A platform that is gone needs no clearing up, and must not hide the result of the run.
            with contextlib.suppress(SetupError):
                self.connect().control("DELETE", f"sandboxes/{self._treatment}")
        self._processes.end()

    def connect(self) -> PlatformClient:
        """A connection of one's own to the platform."""
        return connect(self.url, self._plan.token)

    def refuse_dead(self, within_s: float = 0) -> None:
        """Raises SetupError when something started here has ended, or ends within so many seconds."""
        self._processes.refuse_dead(within_s)

    def mode(self, use: str) -> Mode:
        """Mode of a use, with the parties that take part in it alone started and ready."""
        plan = self._plan
        if use == INSURED:
            if not plan.agencies:
                self._start_agencies()
            return Mode(use, self._agencies, plan.capabilities, patience_s=plan.patience_s, lasting=bool(plan.agencies))
        if use == TREATMENT:
            self._open_treatment()
            hospitals = plan.hospitals or ("all",)
            return Mode(use, {}, plan.hospital_capabilities, hospitals, self._treatment, plan.patience_s)
        return Mode(use)

    def described(self) -> dict[str, str]:
        """Addresses of the parties, for the report."""
        told = {"platform": self.url}
        if INSURED in self._plan.uses:
            told |= {f"agency {area}": url for area, url in self._agencies.items()}
        if TREATMENT in self._plan.uses:
            told["hospital"] = ", ".join(self._plan.hospitals) or "nhsa-sim hospital --city all"
            told["treatment URL"] = f"{self.url}/s/{self._treatment}"
        return told

    def _start(self) -> None:
        for url in self._plan.agencies.values():
            refuse_unreachable(url)
        if not self.url:
            self._start_platform()
        self.connect().refuse_stranger()
        if INSURED in self._plan.uses and not self._plan.agencies:
            areas = areas_with_agencies(self._plan.scenarios)
            self._agencies = {area: f"http://127.0.0.1:{free_port()}/" for area in areas}

    def _start_platform(self) -> None:
        port = self._plan.port or free_port()
        self.url = f"http://127.0.0.1:{port}"
        arguments = [
            "serve",
            "--port",
            str(port),
            "--store",
            str(self._plan.store or self._processes.folder / "platform"),
        ]
        for host in dict.fromkeys(urlsplit(url).hostname or "" for url in self._plan.agencies.values()):
            arguments += ["--allow-target", host]
        if self._plan.data:
            arguments += ["--data", self._plan.data]
        name = str(text("harness.party_platform"))
        self._processes.start(name, arguments, ready_url=f"{self.url}/readyz").wait_ready()

    def _start_agencies(self) -> None:
        """Starts a reference agency for each insured area, with the people that the scenarios need."""
        self._export(list(self._agencies))
        data = self._data_of_agencies()
        started = []
        for area, url in self._agencies.items():
            arguments = ["agency", "--city", area, "--port", str(urlsplit(url).port)]
            arguments += ["--store", str(self._processes.folder / f"agency-{area}")]
            arguments += ["--people", str(self._processes.folder / "people" / f"people-{area}.json")]
            if data:
                arguments += ["--data", data]
            name = str(text("harness.party_agency", area=area))
            started.append(self._processes.start(name, arguments, ready_url=url))
        for process in started:
            process.wait_ready()

    def _data_of_agencies(self) -> str:
        """The data folder of the run with the city file of the run in it; blank where there is neither."""
        if self._plan.city is None:
            return self._plan.data
        folder = self._processes.folder / "data"
        if self._plan.data:
            shutil.copytree(self._plan.data, folder)
        (folder / "policies").mkdir(parents=True, exist_ok=True)
        area, file = self._plan.city
        shutil.copyfile(file, folder / "policies" / f"{area}.yaml")
        return str(folder)

    def _export(self, areas: list[str]) -> None:
        """Writes people-<area>.json for each area, as a city would be given it."""
        arguments = ["people", "export", "--seed", str(self._plan.seed), "-o", str(self._processes.folder / "people")]
        for area in areas:
            arguments += ["--area", area]
        if self._plan.city is not None:
            arguments += ["--city", "{}={}".format(*self._plan.city)]
        if self._plan.data:
            arguments += ["--data", self._plan.data]
        if self._plan.start is not None:
            arguments += ["--start", self._plan.start.isoformat()]
        arguments += [str(path) for path in scenario_files(self._plan.paths)]
        name = str(text("harness.party_export"))
        self._processes.finish(self._processes.start(name, arguments, lasting=False))

    def _open_treatment(self) -> None:
        platform = self.connect()
        if self._treatment not in platform.control("GET", "sandboxes")["sandboxes"]:
            platform.control("POST", "sandboxes", {"name": self._treatment, "seed": self._plan.seed})
        if self._plan.hospitals:
            return
        store = self._processes.folder / "hospital"
        arguments = ["hospital", "--city", "all", "--platform", self.url, "--sandbox", self._treatment]
        self._processes.start(str(text("harness.party_hospital")), [*arguments, "--store", str(store)])


def refuse_unreachable(url: str) -> None:
    """Raises SetupError where no server listens at a URL; its answers are for the scenarios to judge."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise SetupError(text("harness.bad_url", url=url)) from None
    if parts.scheme not in ("http", "https") or not host:
        raise SetupError(text("harness.bad_url", url=url))
    try:
        with socket.create_connection((host, port), timeout=5):
            return
    except (OSError, UnicodeError) as error:
        # UnicodeError: a host name that no name can be.
        problem = getattr(error, "strerror", None) or str(error)
        raise SetupError(text("harness.unreachable", url=url, problem=problem)) from None

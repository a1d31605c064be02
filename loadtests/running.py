"""Load run from end to end: the platform, its people, Locust in a process of its own, the audit afterwards."""

import json
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from simulator.core.errors import SetupError
from simulator.core.own_code import child_environment
from simulator.core.texts import text
from simulator.loadtests import processes
from simulator.loadtests.control import Control
from simulator.loadtests.journey import BOOKING
from simulator.loadtests.limits import Books, Judged, Limits, Run, judge
from simulator.loadtests.mix import Mix
from simulator.loadtests.recorder import Recorder
from simulator.loadtests.stage import entitled_people, people_the_stage

REFERENCE = "reference"
"""In the place of an agency's URL: our own reference agency, in a process of its own."""
_PAGE = 1000
_SETTLING_S = 60.0
_GRACE_S = 90.0
"""Seconds that Locust may take beyond the minutes asked for: start, ramp, the last answers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Options of `nhsa-sim load`."""

    users: int
    seconds: float
    mix: Mix
    mix_file: Path | None
    limits: Limits
    folder: Path
    platform: str = ""
    port: int = 0
    sandbox: str = ""
    token: str = ""
    agencies: Mapping[str, str] = field(default_factory=dict)
    people: Path | None = None
    rate: float = 0.0
    workers: int = 0
    data: str = ""
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a load run."""

    asked: Asked
    url: str
    sandbox: str
    run: Run
    books: Books
    judged: list[Judged]
    kept_sandbox: bool

    @property
    def passed(self) -> bool:
        return all(each.ok for each in self.judged)


Tell = Callable[[str], None]


def run_load(asked: Asked, tell: Tell) -> Outcome:
    """Runs a load; raises SetupError when the run itself cannot go on."""
    if find_spec("locust") is None:
        raise SetupError(text("load.no_locust"))
    asked.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="nhsa-sim-load-")))
        url = _platform(stack, asked, scratch)
        control, made = _sandbox(asked, url)
        _set_up(stack, asked, control, scratch, tell)
        before = _booked(control)
        seen = _findings(control, 0)
        tell(str(text("load.running", users=asked.users, url=url, seconds=f"{asked.seconds:g}")))
        run = _locust(asked, control, tell)
        books = _books(asked, control, run, before=before, last_finding=seen.last)
        judged = judge(run, asked.limits, books)
        kept = _put_away(asked, control, made=made, passed=all(each.ok for each in judged))
        return Outcome(asked, url, control.sandbox or "default", run, books, judged, kept)


def write_people(asked: Asked, file: Path, tell: Tell) -> int:
    """Makes the people of the mix, writes them as an agency loads them, and returns their number."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="nhsa-sim-load-")))
        control = Control(_platform(stack, asked, scratch), asked.sandbox, asked.token)
        people_the_stage(control, asked.mix, max(asked.mix.people, asked.users))
        count = _export(control, asked.mix, file)
        tell(str(text("load.people_written", count=count, file=file)))
        return count


def _platform(stack: ExitStack, asked: Asked, scratch: Path) -> str:
    """The URL of the platform asked for, which has shown that it is one, or of one started here."""
    url = asked.platform.rstrip("/")
    if not url:
        return _own_platform(stack, asked, scratch)
    Control(url, asked.sandbox, asked.token).refuse_stranger()
    return url


def _own_platform(stack: ExitStack, asked: Asked, scratch: Path) -> str:
    more = ["--data", asked.data] if asked.data else []
    server = stack.enter_context(processes.platform(scratch, *more, port=asked.port))
    return server.url


def _sandbox(asked: Asked, url: str) -> tuple[Control, bool]:
    """The sandbox to work in, and whether it was made for this run: a platform that is there keeps its own state."""
    if asked.sandbox or not asked.platform:
        return Control(url, asked.sandbox, asked.token), False
    name = f"load-{secrets.token_hex(4)}"
    control = Control(url, name, asked.token)
    control.asked("POST", "/_sim/sandboxes", {"name": name, "gateway": {"name": "none"}})
    return control, True


def _set_up(stack: ExitStack, asked: Asked, control: Control, scratch: Path, tell: Tell) -> None:
    """Makes the people first, then registers the agencies: later filings would be delivered to an agency singly."""
    mix = asked.mix
    real = _real_agency(asked)
    if asked.people is not None:
        control("POST", "people/import", _read_people(asked.people))
    elif real:
        raise SetupError(text("load.agency_needs_people"))
    count = len(entitled_people(control, mix)) if real else people_the_stage(control, mix, max(mix.people, asked.users))
    tell(str(text("load.people", count=count, area=mix.insured_at)))
    for area, url in asked.agencies.items():
        if url == REFERENCE:
            url = _reference_agency(stack, asked, control, area, scratch)
        control("PUT", f"agencies/{area}", {"url": url})
        tell(str(text("load.agency", area=area, url=url)))
    if real:
        _learn(control, asked)


def _real_agency(asked: Asked) -> bool:
    """True where a real agency answers, which knows only its own people."""
    return any(url != REFERENCE for url in asked.agencies.values())


def _learn(control: Control, asked: Asked) -> None:
    """Starts from the accumulators that the city itself reports, since its people may have a history."""
    for each in entitled_people(control, asked.mix):
        body = {"area": asked.mix.insured_at, "certno": each["certno"], "psn_name": each["psn_name"]}
        control("POST", "people/learn", body)


def _reference_agency(stack: ExitStack, asked: Asked, control: Control, area: str, scratch: Path) -> str:
    file = scratch / f"people-{area}.json"
    _export(control, asked.mix, file)
    options = ["--city", area, "--people", str(file), "--store", str(scratch / f"agency-{area}")]
    more = ["--data", asked.data] if asked.data else []
    server = stack.enter_context(processes.nhsa_sim(scratch, "agency", *options, *more, ready="/"))
    return server.url


def _export(control: Control, mix: Mix, file: Path) -> int:
    people = entitled_people(control, mix)
    document = {"version": "1", "area": mix.insured_at, "people": people}
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return len(people)


def _read_people(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise SetupError(text("load.people_unreadable", file=file, problem=error)) from None


def _locust(asked: Asked, control: Control, tell: Tell) -> Run:
    """Runs Locust in a process of its own, because it patches the standard library."""
    measured, log = asked.folder / "measured.json", asked.folder / "locust.log"
    measured.unlink(missing_ok=True)
    # Settings of somebody's own Locust are not for this run, and a token is not for the list of processes.
    environment = {name: value for name, value in child_environment().items() if not name.startswith("LOCUST_")}
    if asked.token:
        environment["NHSA_SIM_TOKEN"] = asked.token
    with log.open("wb") as output:
        words = _words(asked, control, measured)
        process = subprocess.Popen(words, stdout=output, stderr=output, env=environment)
    try:
        _watch(process, measured, asked, tell)
    finally:
        processes.end(process)
    told = _read_measured(measured)
    if not told.get("done") or told.get("problem"):
        raise SetupError(text("load.locust_broke", problem=told.get("problem") or processes.last_lines(log), log=log))
    return Run(
        recorder=Recorder.from_json(told["measured"]),
        began=told["began"],
        ended=told["ended"],
        users=asked.users,
        asked_rate=Decimal(str(asked.rate)) if asked.rate else None,
        errors=told["errors"],
    )


def _words(asked: Asked, control: Control, measured: Path) -> list[str]:
    with resources.as_file(resources.files(__package__).joinpath("locustfile.py")) as file:
        locustfile = str(file)
    words = [sys.executable, "-m", "locust", "-f", locustfile, "--headless", "--only-summary", "--skip-log-setup"]
    words += ["--host", control.url, "--sandbox", control.sandbox, "--measured", str(measured)]
    words += ["--users", str(asked.users), "--spawn-rate", str(max(1, min(asked.users / 5, 100)))]
    words += ["--run-time", f"{max(1, round(asked.seconds))}s", "--stop-timeout", "10"]
    if asked.rate:
        words += ["--rate", str(asked.rate)]
    if asked.mix_file is not None:
        words += ["--mix", str(asked.mix_file)]
    if _real_agency(asked):
        words += ["--as-is"]
    if asked.workers > 1:
        words += ["--processes", str(asked.workers)]
    return words


def _watch(process: subprocess.Popen[bytes], measured: Path, asked: Asked, tell: Tell) -> None:
    """Waits for the end, and tells how far it is."""
    patience = time.monotonic() + asked.seconds + _GRACE_S
    while True:
        try:
            process.wait(1.0)
        except subprocess.TimeoutExpired:
            pass
        else:
            return
        told = _read_measured(measured)
        if told:
            recorder = Recorder.from_json(told["measured"])
            tell(str(text("load.progress", sent=recorder.sent, failed=recorder.failed)))
        if time.monotonic() > patience:
            raise SetupError(text("load.locust_stuck", seconds=round(_GRACE_S)))


def _read_measured(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    told: dict[str, Any] = json.loads(file.read_bytes())
    return told


@dataclass(frozen=True, slots=True)
class _Found:
    last: int
    count: int
    rules: Mapping[str, int]


def _findings(control: Control, after: int) -> _Found:
    """Findings of severity error after the last one seen."""
    last, rules = after, Counter[str]()
    while True:
        page = control("GET", f"findings?severity=error&after={last}&limit={_PAGE}")["findings"]
        rules.update(each["rule"] for each in page)
        last = page[-1]["id"] if page else last
        if len(page) < _PAGE:
            return _Found(last, rules.total(), rules)


def _booked(control: Control) -> int:
    return int(control("GET", "ledger/audit")["settlements"])


def _books(asked: Asked, control: Control, run: Run, *, before: int, last_finding: int) -> Books:
    """The audit, when everything unknown has been reversed or the patience for it is at its end."""
    patience = time.monotonic() + _SETTLING_S
    audit = control("GET", "ledger/audit")
    while audit["unknown"] and time.monotonic() < patience:
        control("POST", "outbox/run", {})
        time.sleep(0.5)
        audit = control("GET", "ledger/audit")
    found = _findings(control, last_finding)
    tallies = run.recorder.tallies
    return Books(
        balanced=audit["balanced"],
        differences=audit["differences"],
        unknown=audit["unknown"],
        booked=audit["settlements"] - before,
        answered=sum(tallies[name].count - tallies[name].failures for name in BOOKING if name in tallies),
        findings=found.count,
        finding_rules=found.rules,
    )


def _put_away(asked: Asked, control: Control, *, made: bool, passed: bool) -> bool:
    """Deletes the sandbox made for the run unless the run failed; returns True where it is kept."""
    if not made or asked.keep or not passed:
        return bool(asked.platform)
    control.asked("DELETE", f"/_sim/sandboxes/{control.sandbox}")
    return False

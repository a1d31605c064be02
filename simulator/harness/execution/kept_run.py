"""A run kept on disk: its settings and facts when it begins, each result as its scenario ends, atomically."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.core.errors import SetupError
from simulator.core.texts import text
from simulator.harness.environment.plan import Plan
from simulator.harness.execution.result_codec import read, written
from simulator.harness.execution.results import (
    BROKEN,
    Begun,
    Ended,
    Event,
    Progress,
    RunInfo,
    ScenarioEnded,
    ScenarioResult,
    Started,
    StepEnded,
)

RUN, PROGRESS, STORE = "run.json", "progress", "platform"
_BEGUN, _ENDED = ".begun", ".json"


class KeptRun:
    """A listener that keeps a run in the folder of its reports.

    Raises SetupError when it cannot write.
    """

    def __init__(self, folder: Path, plan: Plan, settings: Mapping[str, Any], *, resumed: Path | None) -> None:
        self._folder = folder
        self._plan = plan
        self._settings = settings
        self._resumed = resumed
        self._whole = False
        if resumed is None:
            _clear(folder / PROGRESS)
            _make_private(folder / PROGRESS)

    def take(self, event: Event) -> None:
        """Keeps the facts of the run and each result; a run that came to its end has nothing left to resume."""
        if isinstance(event, Started):
            self._begin(event.info)
        elif isinstance(event, StepEnded):
            result = event.result
            said = {"scenario": result.scenario.id, "use": result.use, "steps": len(result.steps)}
            self._write(f"{PROGRESS}/{_file_name(result)}{_BEGUN}", json.dumps(said | {"people": result.people}))
        elif isinstance(event, ScenarioEnded):
            self._write(f"{PROGRESS}/{_file_name(event.result)}{_ENDED}", written(event.result))
        elif isinstance(event, Ended):
            self._whole = event.broken is None and len(event.results) == self._plan.turns

    def close(self) -> None:
        """Clears away the progress of a run that came to its end, once its parties have ended too."""
        if self._whole:
            _clear(self._folder / PROGRESS)

    def _begin(self, info: RunInfo) -> None:
        if self._resumed is not None:
            refuse_other_facts(self._resumed, info.facts)
        only = sorted(self._plan.only) if self._plan.only is not None else None
        whole = {
            "started": info.started,
            "settings": self._settings,
            "only": only,
            "run": info.run,
            "command": info.command,
            "facts": info.facts,
        }
        self._write(RUN, json.dumps(whole, ensure_ascii=False, indent=1) + "\n")

    def _write(self, name: str, content: str) -> None:
        path = self._folder / name
        beside = path.with_name(path.name + ".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Messages are masked, and still nobody else's to read.
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise SetupError(text("harness.cannot_write", path=path, problem=error.strerror or "")) from None


def kept_settings(folder: Path) -> Mapping[str, Any]:
    """Settings of the run kept in a folder; raises SetupError where there is none."""
    found: Mapping[str, Any] = _kept(folder)["settings"]
    return found


def only_of(folder: Path | None) -> frozenset[tuple[str, str]] | None:
    """Scenarios and uses to which the run kept in a folder was limited; None where there is no limit or no run."""
    only = _kept(folder).get("only") if folder is not None else None
    if not isinstance(only, list):
        return None
    return frozenset((str(each[0]), str(each[1])) for each in only if isinstance(each, list) and len(each) == 2)


def failed_in(folder: Path, statuses: frozenset[str], results_file: str) -> frozenset[tuple[str, str]]:
    """Scenarios and uses that ended so in the last run; raises SetupError where there is none, or no such result."""
    try:
        listed = json.loads((folder / results_file).read_text(encoding="utf-8"))["results"]
        found = frozenset((each["scenario"], each["use"]) for each in listed if each["status"] in statuses)
    except (OSError, ValueError, LookupError, TypeError):
        raise SetupError(text("harness.no_run_kept", path=folder / results_file)) from None
    if not found:
        raise SetupError(text("harness.nothing_failed", path=folder / results_file))
    return found


def progress_of(folder: Path, plan: Plan) -> Progress:
    """Progress of an interrupted run of this plan; raises SetupError where there is none or what was kept is no use."""
    kept = _kept(folder)
    files = sorted((folder / PROGRESS).glob(f"*{_ENDED}"))
    begun = sorted((folder / PROGRESS).glob(f"*{_BEGUN}"))
    if not files and not begun:
        raise SetupError(text("harness.nothing_to_resume", path=folder))
    scenarios = {(each.id, use): each for use in plan.uses for each in plan.scenarios_in(use)}
    results = []
    for file in files:
        try:
            results.append(read(file.read_text(encoding="utf-8"), scenarios))
        except (OSError, ValueError, LookupError, TypeError):
            raise SetupError(text("harness.kept_unreadable", path=file)) from None
    done = tuple(each for each in results if each.status != BROKEN)
    ended = {_file_name(each) for each in done}
    open_ones = [_begun(file) for file in begun if file.name.removesuffix(_BEGUN) not in ended]
    return Progress(kept["started"], done, dict(open_ones), *(str(kept.get(name) or "") for name in ("run", "command")))


def _begun(file: Path) -> tuple[tuple[str, str], Begun]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        people = {str(role): str(number) for role, number in said["people"].items()}
        return (said["scenario"], said["use"]), Begun(int(said["steps"]), people)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise SetupError(text("harness.kept_unreadable", path=file)) from None


def refuse_other_facts(folder: Path, facts: Mapping[str, str]) -> None:
    """Raises SetupError naming the first fact in which this run is another than the one that was interrupted."""
    was: Mapping[str, str] = _kept(folder)["facts"]
    for name in {**was, **facts}:
        if was.get(name) != facts.get(name):
            fact = text(f"harness.fact_{name}")
            raise SetupError(
                text("harness.another_run", fact=fact, was=was.get(name) or "-", now=facts.get(name) or "-")
            )


def facts_of(plan: Plan, version: str) -> dict[str, str]:
    """Facts that a run and its resumption share; files and scenarios by digest."""
    scenarios = [(use, repr(plan.scenarios_in(use))) for use in plan.uses]
    return {
        "platform": " ".join(part for part in (version, plan.platform) if part),
        "edition": str(plan.capabilities.get("edition", "")),
        "city": " ".join([plan.city[0], _digest_of(plan.city[1])]) if plan.city is not None else "",
        "data": _digest_of(Path(plan.data)) if plan.data else "",
        "seed": str(plan.seed),
        "start": str(plan.start or ""),
        "parties": " ".join([*(f"{area}={url}" for area, url in plan.agencies.items()), *plan.hospitals, plan.sandbox]),
        "cast": _digest(repr(plan.personas).encode()) if plan.personas is not None else "",
        "expected": _digest(repr(plan.expected.entries).encode()) if plan.expected is not None else "",
        "scenarios": _digest(repr(scenarios).encode()),
    }


def _digest_of(path: Path) -> str:
    """Digest of a file, or of every file below a folder with its name."""
    if path.is_file():
        return _digest(path.read_bytes())
    files = sorted(each for each in path.rglob("*") if each.is_file())
    return _digest(b"".join(str(each.relative_to(path)).encode() + b"\0" + each.read_bytes() for each in files))


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:12]


def _kept(folder: Path) -> dict[str, Any]:
    try:
        whole = json.loads((folder / RUN).read_text(encoding="utf-8"))
        if all(isinstance(whole[name], kind) for name, kind in (("settings", dict), ("facts", dict), ("started", str))):
            found: dict[str, Any] = whole
            return found
    except (OSError, ValueError, LookupError, TypeError):
        pass
    raise SetupError(text("harness.no_run_kept", path=folder / RUN))


def _make_private(folder: Path) -> None:
    """Makes a folder for its owner alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise SetupError(text("harness.cannot_write", path=folder, problem=error.strerror or "")) from None


def _file_name(result: ScenarioResult) -> str:
    # A hyphen inside a name must not make two scenarios one file.
    return f"{result.use}--{result.scenario.id.replace('/', '--')}"


def _clear(folder: Path) -> None:
    for pattern in (f"*{_BEGUN}", f"*{_ENDED}", "*.part"):
        for file in folder.glob(pattern):
            file.unlink()
    shutil.rmtree(folder / STORE, ignore_errors=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()

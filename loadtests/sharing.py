"""Shares of the load among Locust processes, and their sum: stage, people, measurements."""

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from gevent.queue import Queue
from locust.runners import MasterRunner

from simulator.loadtests.control import Control
from simulator.loadtests.limits import Limits, Run, load_limits
from simulator.loadtests.messages import SERVICE
from simulator.loadtests.mix import Mix, load_mix, read_mix
from simulator.loadtests.recorder import Recorder
from simulator.loadtests.stage import Patient, Stage, people_the_stage, set_the_stage

GENERATOR = "generator"
"""Stands in the place of an infno for what went wrong here and not there."""
_MICRO = 1_000_000


class Part:
    """Share of this process in the load; on a master, the sum of all shares."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.errors = 0
        self.began = self.ended = 0.0
        self.stage: Stage | None = None
        self.limits: Limits | None = None
        self.problem = ""

    def lead(self, environment: Any, users: int) -> None:
        """Prepares the load for all processes: reads the files, makes the people, tells how many share the work."""
        options, runner = environment.parsed_options, environment.runner
        self.recorder, self.errors, self.began, self.ended = Recorder(), 0, 0.0, 0.0
        mix = load_mix(Path(options.mix) if options.mix else None)
        self.limits = load_limits(Path(options.limits)) if options.limits else None
        # Locust hands options that are not its own to the workers, whatever machine they are on.
        options.shared_mix = Path(options.mix).read_text(encoding="utf-8") if options.mix else ""
        options.shared_users = users
        options.shared_parts = runner.worker_count if isinstance(runner, MasterRunner) else 1
        if not options.as_is:
            people_the_stage(_control(environment), mix, max(mix.people, users))

    def prepare(self, environment: Any) -> None:
        """Prepares a process with users: takes its share of the people, and numbers of its own."""
        options, runner = environment.parsed_options, environment.runner
        index = max(0, runner.worker_index)
        control, parts = _control(environment), options.shared_parts
        mix: Mix = read_mix(options.shared_mix, "--mix") if options.shared_mix else load_mix()
        self.patients: Queue[Patient] = Queue()
        stage = set_the_stage(control, mix, part=index, parts=parts)
        for each in stage.patients:
            self.patients.put(each)
        self.path = f"{control.prefix}{SERVICE}"
        self.numbers = iter(range(index, 10**9, parts))
        self.interval = options.shared_users / options.rate if options.rate else 0.0
        self.stage = stage

    def run(self, environment: Any) -> Run:
        """Measurements so far."""
        options = environment.parsed_options
        ended = self.ended or time.time()
        return Run(
            recorder=self.recorder,
            began=self.began or min(self.recorder.seconds, default=ended),
            ended=ended,
            users=getattr(options, "shared_users", 0),
            asked_rate=Decimal(str(options.rate)) if options.rate else None,
            errors=self.errors,
        )

    def count(self, name: str, response_time: float, context: Any, exception: Any, **_: Any) -> None:
        """Listens to every request."""
        if name == GENERATOR:
            return
        since = context.get("since")
        self.recorder.record(
            name,
            second=int(time.time()),
            took=int(response_time * 1000),
            since_due=None if since is None else int((time.perf_counter() - since) * _MICRO),
            problem=str(exception) if exception else "",
        )

    def report(self, data: dict[str, Any], **_: Any) -> None:
        """A worker's measurements go with each report to the master."""
        data["nhsa_sim"] = {"measured": self.recorder.take(), "errors": self.errors}
        self.errors = 0

    def take_report(self, data: dict[str, Any], **_: Any) -> None:
        """The master adds up what the workers measured."""
        told = data.get("nhsa_sim")
        if told:
            self.recorder.absorb(Recorder.from_json(told["measured"]))
            self.errors += told["errors"]

    def write(self, environment: Any, *, done: bool) -> None:
        """Writes what was measured so far; a reader never sees half of it."""
        run = self.run(environment)
        told = {
            "done": done,
            "problem": self.problem,
            "began": run.began,
            "ended": run.ended,
            "users": run.users,
            "errors": run.errors,
            "measured": run.recorder.to_json(),
        }
        path = Path(environment.parsed_options.measured)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        part.replace(path)


def _control(environment: Any) -> Control:
    options = environment.parsed_options
    return Control(environment.host or "", options.sandbox, options.token)

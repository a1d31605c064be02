"""The outpatient journey for Locust: `locust -f loadtests/locustfile.py --host http://127.0.0.1:8100`.

A task is one message, so a rate is in messages and each has a moment when it is due. Whatever Locust options there are
apply (`--processes`, `--master` and `--worker`, the web page); those of ours begin with "nhsa-sim:" in --help.
"""

import random
import sys
import time
import traceback
from typing import Any

import gevent
from locust import FastHttpUser, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from simulator.core.errors import SimulatorError
from simulator.loadtests.answers import problem_of
from simulator.loadtests.journey import Journey, Message, Output, Visit
from simulator.loadtests.limits import judge
from simulator.loadtests.sharing import GENERATOR, Part
from simulator.loadtests.stage import Patient, Stage
from simulator.loadtests.writing import verdict_lines

PART = Part()
_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_NOTHING: Output = {}
_BROKEN = 2


class Outpatients(FastHttpUser):
    """Locust user that acts as a counter of a hospital: patient after patient, message after message."""

    connection_timeout = 60.0
    network_timeout = 60.0
    patient: Patient | None = None
    journey: Journey | None = None
    message: Message | None = None

    def on_start(self) -> None:
        part = PART
        if part.stage is None:
            raise StopUser
        self.stage: Stage = part.stage
        self.number = next(part.numbers)
        self.random = random.Random(f"{self.stage.mix.seed} {self.number}")  # noqa: S311  (repeatable on purpose)
        self.workstation = self.stage.workstation(self.number)
        self.interval = part.interval
        # Spread over one interval, or all users would send in the same moment for ever.
        wait = self.random.random() * self.interval
        self.due = time.perf_counter() + wait
        gevent.sleep(wait)

    def on_stop(self) -> None:
        self._give_up()

    def wait_time(self) -> float:
        """Until the next message is due; without a rate the pause of the mix."""
        if self.interval:
            self.due += self.interval
            return max(0.0, self.due - time.perf_counter())
        lowest, highest = self.stage.mix.think_ms
        return self.random.uniform(lowest, highest) / 1000

    @task
    def next_message(self) -> None:
        """Sends the next message of the visit, or the first of a new one."""
        try:
            message = self.message or self._begin()
            output = self._exchange(message)
            self.message = None if output is None else self._after(output)
        except Exception as error:  # noqa: BLE001
            # An exception in a task is no failure to Locust, and a run of nothing else would pass.
            self._give_up()
            self._report_own(error)

    def _begin(self) -> Message:
        self.patient = PART.patients.get()
        self.journey = Visit(self.stage, self.workstation, self.patient, self.random).messages()
        return next(self.journey)

    def _after(self, output: Output) -> Message | None:
        assert self.journey is not None
        try:
            return self.journey.send(output)
        except StopIteration:
            self._give_up()
            return None

    def _give_up(self) -> None:
        """Ends the visit and frees the patient for other users."""
        if self.patient is not None:
            PART.patients.put(self.patient)
        self.patient = self.journey = self.message = None

    def _exchange(self, message: Message) -> Output | None:
        """The output of an accepted answer that is right; None after a failure."""
        workstation = self.workstation
        msgid = message.msgid or workstation.msgids()
        raw: Any = workstation.envelope(message.infno, message.body, msgid=msgid, now=self.stage.now())
        context = {"since": self.due} if self.interval else {}
        with self.client.post(
            PART.path, data=raw, headers=_HEADERS, name=message.name, catch_response=True, context=context
        ) as response:
            if response.status_code == 0:
                problem, output = f"{message.infno} {response.error or 'no answer'}", _NOTHING
            else:
                problem, output = problem_of(message.infno, response.content, response.status_code, message.check)
            if problem:
                response.failure(problem)
                self._give_up()
                return None
            response.success()
            return output

    def _report_own(self, error: Exception) -> None:
        PART.errors += 1
        trace = "".join(traceback.format_exception(error)[-2:])
        self.environment.events.request.fire(
            request_type="",
            name=GENERATOR,
            response_time=0,
            response_length=0,
            context={},
            exception=RuntimeError(trace),
        )


def _options(parser: Any) -> None:
    parser.add_argument("--mix", default="", help="nhsa-sim: YAML file, what the hospitals do")
    parser.add_argument("--limits", default="", help="nhsa-sim: YAML file, what must hold, or the exit code is 1")
    parser.add_argument("--sandbox", default="", help="nhsa-sim: sandbox of the platform")
    parser.add_argument("--rate", type=float, default=0.0, help="nhsa-sim: messages per second of all users together")
    parser.add_argument("--as-is", action="store_true", help="nhsa-sim: make no people, take those that are there")
    hidden = {"default": "", "include_in_web_ui": False}
    parser.add_argument("--token", env_var="NHSA_SIM_TOKEN", help="nhsa-sim: token of control", **hidden)
    parser.add_argument("--measured", help="nhsa-sim: file to write what was measured to", **hidden)


def _start(environment: Any, **_: Any) -> None:
    runner = environment.runner
    try:
        if not isinstance(runner, WorkerRunner):
            users = getattr(runner, "target_user_count", 0) or environment.parsed_options.num_users or 1
            PART.lead(environment, int(users))
        if not isinstance(runner, MasterRunner):
            PART.prepare(environment)
    except SimulatorError as error:
        PART.problem = str(error)
        sys.stderr.write(f"{error}\n")
        environment.process_exit_code = _BROKEN
        gevent.spawn(runner.quit)


def _all_there(**_: Any) -> None:
    PART.began = PART.began or time.time()


def _stopping(**_: Any) -> None:
    PART.ended = time.time()


def _keep_telling(environment: Any, **_: Any) -> None:
    """While it runs, `nhsa-sim load` reads how far it is."""

    def tell() -> None:
        while True:
            gevent.sleep(1)
            PART.write(environment, done=False)

    if environment.parsed_options.measured and not isinstance(environment.runner, WorkerRunner):
        gevent.spawn(tell)


def _judge(environment: Any, **_: Any) -> None:
    """The verdict, here and not from Locust's CSV, which is behind at the end of a short run."""
    if isinstance(environment.runner, WorkerRunner):
        return
    if environment.parsed_options.measured:
        PART.write(environment, done=True)
    if PART.limits is None or PART.problem:
        return
    judged = judge(PART.run(environment), PART.limits)
    for line in verdict_lines(judged):
        sys.stdout.write(f"{line}\n")
    environment.process_exit_code = 0 if all(each.ok for each in judged) else 1


_hooks: Any = events
"""Locust leaves them untyped."""
_hooks.init_command_line_parser.add_listener(_options)
_hooks.init.add_listener(_keep_telling)
_hooks.test_start.add_listener(_start)
_hooks.spawning_complete.add_listener(_all_there)
_hooks.test_stopping.add_listener(_stopping)
_hooks.request.add_listener(PART.count)
_hooks.report_to_master.add_listener(PART.report)
_hooks.worker_report.add_listener(PART.take_report)
_hooks.quitting.add_listener(_judge)

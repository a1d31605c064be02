"""kill -9 of the platform while several hospitals settle, at home and across provinces: what was answered stands."""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator.server.business_seam import ConnectionDropped
from simulator.server.serving import free_port
from tests.agencies.conftest import ANY_PRICE
from tests.agencies.context import DAY, RunContext
from tests.agencies.processes import ROOT, Client
from tests.support.hospital import BEIJING_HOSPITAL, Answer, Control, Hospital, Visit

SEED = 20250310
PEOPLE = 6
"""Half of them insured at the agency's city, half at one that is simulated; each has a desk of their own."""
MOST_TRIES = 400
"""Some 30 are needed; a lease of the dead that had to run out would cost thousands."""


@dataclass
class Channel:
    """The way to a platform that comes and goes; counts what it answered."""

    up: threading.Event = field(default_factory=threading.Event)
    answered: int = 0
    lost: int = 0
    turn: threading.Condition = field(default_factory=threading.Condition)

    def heard(self, answer: Answer) -> None:
        with self.turn:
            self.answered += bool(answer.status)
            self.lost += not answer.status
            self.turn.notify_all()

    def await_answers(self, count: int) -> None:
        """Until so many more came: the moment of the next kill goes by the work done, not by a clock."""
        with self.turn:
            wanted = self.answered + count
            assert self.turn.wait_for(lambda: self.answered >= wanted, timeout=60)


@dataclass
class Persistent(Hospital):
    """Sends a message whose answer was lost again, as it was, until it is answered."""

    line: Channel = field(default_factory=Channel)

    def post(self, raw: bytes | dict[str, Any], path: str = "", **options: Any) -> Answer:
        while True:
            self.line.up.wait(60)
            answer = self.once(raw)
            if answer.status:
                return answer

    def once(self, raw: bytes | dict[str, Any]) -> Answer:
        answer = super().post(raw)
        self.line.heard(answer)
        return answer


class Fragile(RunContext):
    """The platform of the launcher, whose death is seen at once."""

    def __init__(self, folder: Path) -> None:
        self.line = Channel()
        self.tries = 0
        super().__init__(folder, PEOPLE // 2)
        elsewhere = [{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}]
        listed = [{"disease": "M07800", "from": "2025-01-01"}]
        grants = {"insured_at": "230100", "filings": elsewhere, "registrations": listed}
        self.simulated = [self.control.person(**grants) for _ in range(PEOPLE // 2)]
        self.line.up.set()

    def kill_and_restart(self) -> None:
        self.line.up.clear()
        self.kill_platform()
        self.start_platform()
        self.line.up.set()

    def kill_platform(self) -> None:
        self.launcher.kill("platform")

    def tried_again(self) -> None:
        """The outbox is run, by whichever platform lives just now; what a dead one had claimed blocks nobody."""
        while True:
            self.tries += 1
            assert self.tries < MOST_TRIES
            self.line.up.wait(60)
            try:
                self.control("POST", "outbox/run", {})
                return
            except ConnectionDropped:
                continue


class Served(Fragile):
    """`nhsa-sim serve` on one port and one folder: the next one needs both as soon as the last one is dead."""

    process: subprocess.Popen[bytes]

    def start_platform(self) -> None:
        self.client.port = self.client.port or free_port()
        command = [sys.executable, "-m", "simulator", "serve", "--port", str(self.client.port)]
        self.process = subprocess.Popen(
            [*command, "--store", str(self.folder / "platform"), "--threads", "16"],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
        )
        control = Control(Client(self.client.port))
        while True:
            assert self.process.poll() is None
            try:
                assert control("GET", "clock")
                return
            except ConnectionDropped:
                threading.Event().wait(0.02)

    def kill_platform(self) -> None:
        self.process.kill()
        # Ends when the worker, which has the same output, has ended too.
        self.process.communicate(timeout=30)

    def close(self) -> None:
        self.kill_platform()
        super().close()


@pytest.fixture(params=[Fragile, Served])
def context(request: pytest.FixtureRequest, tmp_path) -> Iterator[Fragile]:
    with closing(request.param(tmp_path)) as made:
        yield made


class Endpoint:
    """One hospital with one patient: settles visit after visit, and books what it was answered."""

    def __init__(self, context: Fragile, number: int, person: dict[str, Any]) -> None:
        self.context, self.person = context, person
        self.chance = random.Random(SEED + number)
        institution = (f"H1100000000{number % 2 + 1}", BEIJING_HOSPITAL[1], "110000")
        self.hospital = Persistent(context.client, institution, now=f"{DAY} 08:{number:02d}:00", line=context.line)
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def work(self, visits: int) -> None:
        for _ in range(visits):
            visit = Visit(self.hospital, self.person).open()
            assert visit.charge(visit.line(1, ANY_PRICE, "1", "1000.00")).ok
            settled = self.settle(visit)
            self.rows[settled["setl_id"]] = [settled]
            if self.chance.random() < 0.4:
                self.cancel(visit, settled)

    def settle(self, visit: Visit) -> dict[str, Any]:
        """Repeats the message, or reverses it and settles anew, until there is a clear answer."""
        while True:
            sent = self.hospital.envelope(
                "2207A", {"data": visit.settlement_input("1000.00")}, insured=self.person["insured_at"]
            )
            answer = self.hospital.once(sent) if self.chance.random() < 0.5 else self.hospital.post(sent)
            if answer.ok:
                return answer.setlinfo
            self.undo(visit, sent, answer)

    def cancel(self, visit: Visit, settled: dict[str, Any]) -> None:
        data = {"psn_no": self.person["psn_no"], "setl_id": settled["setl_id"], "mdtrt_id": visit.id}
        sent = self.hospital.envelope("2208", {"data": data}, insured=self.person["insured_at"])
        answer = self.hospital.post(sent)
        if answer.ok:
            self.rows[settled["setl_id"]].append(answer.setlinfo)
        else:
            self.undo(visit, sent, answer)

    def undo(self, visit: Visit, sent: dict[str, Any], answer: Answer) -> None:
        assert answer.status == 0 or answer.err_msg.startswith("结果未知"), answer.body
        assert visit.reverse(sent["msgid"], sent["infno"]).ok
        self.context.tried_again()

    def booked(self) -> list[dict[str, Any]]:
        """What this hospital holds the platform to, as a day's rows."""
        return [
            {
                "setl_id": each["setl_id"],
                "refd_setl_flag": str(flag),
                "medfee_sumamt": str(each["medfee_sumamt"]),
                "fund_pay_sumamt": str(each["fund_pay_sumamt"]),
                "acct_pay": str(each["acct_pay"]),
            }
            for rows in self.rows.values()
            for flag, each in enumerate(rows)
        ]

    def balances(self) -> dict[str, Decimal]:
        asked = {"data": {"psn_no": self.person["psn_no"], "cum_ym": ""}}
        found = self.hospital.send("5206", asked, insured=self.person["insured_at"]).output["cuminfo"]
        return {row["cum_type_code"]: row["cum"] for row in found}

    def paid(self, name: str) -> Decimal:
        return sum((each[name] for rows in self.rows.values() for each in rows), Decimal(0))


def test_a_platform_killed_under_load_loses_nothing_that_it_answered(context):
    people = [*context.people, *context.simulated]
    desks = [Endpoint(context, number, person) for number, person in enumerate(people)]
    kills, visits = (1, 4) if isinstance(context, Served) else (8, 10)
    chance = random.Random(SEED)
    with ThreadPoolExecutor(PEOPLE) as calls:
        working = [calls.submit(endpoint.work, visits) for endpoint in desks]
        for _ in range(kills):
            context.line.await_answers(chance.randint(5, 25))
            context.kill_and_restart()
        for each in working:
            each.result()
    assert context.line.lost >= kills
    context.run_outbox()
    context.assert_books_agree()
    assert context.control.findings(severity="error") == []
    for endpoint in desks:
        balances = endpoint.balances()
        assert (balances.get("DEDC", 0), balances.get("HIFP", 0)) == (
            endpoint.paid("act_pay_dedc"),
            endpoint.paid("hifp_pay"),
        )
    for code in {endpoint.hospital.institution[0] for endpoint in desks}:
        rows = [row for endpoint in desks if endpoint.hospital.institution[0] == code for row in endpoint.booked()]
        asked = {"institution": code, "day": DAY, "rows": rows}
        assert context.control("POST", "reconciliation", asked)["differences"] == []

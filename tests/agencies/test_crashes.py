"""kill -9 of either side at every point of no return: nothing answered is lost, nothing half, both books agree."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.agencies.bodies import registration
from tests.agencies.conftest import ANY_PRICE
from tests.agencies.context import RunContext
from tests.support.hospital import Answer, Visit


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    made = RunContext(tmp_path_factory.mktemp("crashes"))
    yield made
    made.close()


class Step:
    """One message of the hospital that a crash may hit, and what a hospital does about it."""

    def __init__(self, context: RunContext, infno: str) -> None:
        self.context, self.infno = context, infno
        self.person = next(context.unused)
        self.visit = Visit(context.hospital, self.person)
        self.settled: dict[str, Any] = {}
        self.first_msgid = ""

    def prepare(self) -> None:
        if self.infno == "2503":
            return
        self.visit.open()
        assert self.visit.charge(self.visit.line(1, ANY_PRICE, "1", "1000.00")).ok
        if self.infno != "2207A":
            message = self.message("2207A")
            self.first_msgid = message["msgid"]
            self.settled = self.context.hospital.post(message).setlinfo

    def message(self, infno: str = "") -> dict[str, Any]:
        number = self.settled.get("setl_id", "")
        data = {
            "2207A": lambda: self.visit.settlement_input("1000.00"),
            "2208": lambda: {"psn_no": self.person["psn_no"], "setl_id": number, "mdtrt_id": self.visit.id},
            "2601": lambda: {"psn_no": self.person["psn_no"], "omsgid": self.first_msgid, "oinfno": "2207A"},
            "2503": lambda: registration(self.person, "M08300"),
        }[infno or self.infno]()
        return self.context.hospital.envelope(infno or self.infno, {"data": data})

    def recover(self, sent: dict[str, Any], answer: Answer) -> None:
        """2207 and 2208 without a clear answer are reversed and done again; 2601 and 2503 are sent again."""
        if answer.ok:
            return
        if self.infno in ("2601", "2503"):
            again = self.context.hospital.post(sent)
        else:
            undone = self.visit.reverse(sent["msgid"], self.infno)
            assert undone.ok, undone.body
            again = self.context.hospital.post(self.message())
        assert again.ok, again.body

    def assert_happened_once(self) -> None:
        asked = {"data": {"psn_no": self.person["psn_no"]}}
        if self.infno == "2503":
            rows = self.context.hospital.send("5301", asked).output["feedetail"]
            assert [row["opsp_dise_code"] for row in rows] == ["M07800", "M08300"]
            return
        rows = self.context.hospital.send("5206", {"data": asked["data"] | {"cum_ym": ""}}).output["cuminfo"]
        balances = {row["cum_type_code"]: row["cum"] for row in rows}
        # (1000.00 − 500.00) × 0.90, and nothing left of it after a cancellation or a reversal
        wanted = {"DEDC": Decimal(500), "HIFP": Decimal(450)} if self.infno == "2207A" else {}
        assert {kind: balances[kind] for kind in ("DEDC", "HIFP") if kind in balances} == wanted


PLATFORM = ("intent_written", "intent_committed", "answer_received", "outcome_written", "outcome_committed")
AGENCY = ("message_in", "before_commit", "after_commit", "answer_out")
POINTS = [*(("platform", point) for point in PLATFORM), *(("agency", point) for point in AGENCY)]


@pytest.mark.parametrize("infno", ["2207A", "2208", "2601", "2503"])
@pytest.mark.parametrize(("side", "point"), POINTS)
def test_a_process_killed_in_flight_leaves_nothing_half(context, side, point, infno):
    step = Step(context, infno)
    step.prepare()
    context.arm(point)
    sent = step.message()
    answer = context.hospital.post(sent)
    context.restart(side)
    context.run_outbox()
    step.recover(sent, answer)
    context.run_outbox()
    step.assert_happened_once()
    context.assert_books_agree()
    assert context.control.findings(severity="error") == []


def test_a_reversal_that_overtakes_its_original_wins(context):
    """The platform dies while the agency has the message unread; it is reversed before it is read."""
    for pipe in ("held", "released"):
        os.mkfifo(context.folder / pipe)
    context.launcher.kill("agency")
    context.start_agency(hold="2207A")
    step = Step(context, "2207A")
    step.prepare()
    sent = step.message()
    with ThreadPoolExecutor(1) as calls:
        pending = calls.submit(context.hospital.post, sent)
        (context.folder / "held").open().close()
        context.launcher.kill("platform")
        answer = pending.result()
    assert answer.status == 0
    context.start_platform()
    context.run_outbox()
    (context.folder / "released").open("w").close()
    context.launcher.kill("agency")
    context.start_agency()
    step.recover(sent, answer)
    step.assert_happened_once()
    context.assert_books_agree()

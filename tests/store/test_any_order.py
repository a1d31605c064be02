"""Any order of messages for two people: books balance, nothing half is left, and the accumulators are their sum.

What has accrued is recomputed here from the answers that the hospital holds, by sums and nothing else.
"""

import itertools
from contextlib import closing
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from simulator.store import tables
from tests.conftest import CI
from tests.support.hospital import Answer, Visit
from tests.support.stage import Stage, open_stage

pytestmark = pytest.mark.slow

KEPT = [
    tables.settlement,
    tables.ledger,
    tables.accumulator,
    tables.subject,
    tables.charge,
    tables.visit,
    tables.insurance,
]
COLUMNS = {"DEDC": "act_pay_dedc", "HIFP": "hifp_pay", "HIOB": "hifob_pay", "HIMI": "hifmi_pay"}
TOTALS = ("400.00", "800.00", "40000.00")
_names = itertools.count(1)


class AnyOrder(RuleBasedStateMachine):
    """The hospital's desk on a platform that the test names."""

    app: ClassVar[Flask]
    visits = Bundle("visits")
    stage: Stage

    @initialize(balance=st.sampled_from(["0.00", "300.00"]))
    def begin(self, balance: str) -> None:
        self.stage = open_stage(self.app, f"any-order-{next(_names)}")
        resident = self.stage.patient(insutype="390", category="resident")
        self.people = [self.stage.patient(account_balance=balance), resident]
        self.live: dict[str, tuple[Visit, dict[str, Any], dict[str, Any]]] = {}
        self.cancelled: list[tuple[Visit, dict[str, Any], dict[str, Any], str]] = []
        self.totals: dict[str, str] = {}
        self.previewed: dict[str, bool] = {}

    def send(self, visit: Visit, infno: str, data: dict[str, Any]) -> tuple[Answer, dict[str, Any]]:
        """Sends it twice under one msgid: the same answer again, or the same refusal; a refusal keeps nothing."""
        message = self.stage.hospital.envelope(infno, {"data": data}, insured=visit.insured)
        before = self.stage.rows(*KEPT)
        answer = self.stage.hospital.post(message)
        after = self.stage.rows(*KEPT)
        assert answer.ok or after == before
        again = self.stage.hospital.post(message)
        assert self.stage.rows(*KEPT) == after
        assert again.raw == answer.raw if answer.ok else not again.ok
        return answer, message

    @rule(target=visits, who=st.integers(0, 1))
    def register(self, who: int) -> Visit:
        return self.stage.hospital.visit(self.people[who])

    @rule(visit=visits, total=st.sampled_from(TOTALS))
    def charge(self, visit: Visit, total: str) -> None:
        before = self.stage.rows(*KEPT)
        taken = visit.charge(visit.session(total)).ok
        assert taken == (visit.id not in self.totals)
        if taken:
            self.totals[visit.id] = total
        else:
            assert self.stage.rows(*KEPT) == before

    @rule(visit=visits)
    def withdraw_charges(self, visit: Visit) -> None:
        data = {"psn_no": visit.person["psn_no"], "mdtrt_id": visit.id, "chrg_bchno": "B1"}
        settled = any(each.id == visit.id for each, _, _ in self.live.values())
        answer = visit.send("2205", {"data": data})
        assert answer.ok == (visit.id in self.totals and not settled)
        if answer.ok:
            del self.totals[visit.id]
            self.previewed.pop(visit.id, None)

    @rule(visit=visits, account=st.booleans())
    def preview(self, visit: Visit, account: bool) -> None:
        before = self.stage.rows(tables.settlement, tables.ledger, tables.accumulator, tables.insurance)
        if visit.preview(self.totals.get(visit.id, "400.00"), acct_used_flag=str(int(account))).ok:
            self.previewed[visit.id] = account
        assert self.stage.rows(tables.settlement, tables.ledger, tables.accumulator, tables.insurance) == before

    @rule(visit=visits, account=st.booleans(), wrong=st.booleans())
    def settle(self, visit: Visit, account: bool, wrong: bool) -> None:
        settled = any(each.id == visit.id for each, _, _ in self.live.values())
        total = self.totals.get(visit.id, "400.00")
        data = visit.settlement_input(str(Decimal(total) + wrong), acct_used_flag=str(int(account)))
        answer, message = self.send(visit, "2207A", data)
        # What a pre-settlement was asked for is what the settlement must ask for.
        as_previewed = self.previewed.get(visit.id, account) == account
        open_to_settle = visit.id in self.totals and not settled
        assert answer.ok == (open_to_settle and not wrong and as_previewed), answer.err_msg
        if answer.ok:
            self.live[answer.setlinfo["setl_id"]] = (visit, answer.setlinfo, message)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self.live:
            setl_id = data.draw(st.sampled_from(sorted(self.live)))
            visit, settled, sent = self.live.pop(setl_id)
            asked = {"psn_no": visit.person["psn_no"], "setl_id": setl_id, "mdtrt_id": visit.id}
            answer, message = self.send(visit, "2208", asked)
            assert answer.setlinfo["fund_pay_sumamt"] == -settled["fund_pay_sumamt"]
            self.cancelled.append((visit, settled, sent, message["msgid"]))

    @rule(data=st.data())
    def reverse_settlement(self, data: st.DataObject) -> None:
        if self.live:
            setl_id = data.draw(st.sampled_from(sorted(self.live)))
            visit, _, message = self.live.pop(setl_id)
            assert visit.reverse(message["msgid"], "2207A").ok
            assert not self.stage.hospital.post(message).ok

    @rule()
    def reverse_cancellation(self) -> None:
        if self.cancelled:
            visit, settled, sent, msgid = self.cancelled.pop()
            before = self.stage.rows(*KEPT)
            if visit.reverse(msgid, "2208").ok:
                self.live[settled["setl_id"]] = (visit, settled, sent)
            else:
                assert self.stage.rows(*KEPT) == before

    @rule(day=st.integers(1, 28))
    def another_day(self, day: int) -> None:
        self.stage.now(f"2025-04-{day:02d} 10:00:00")

    @invariant()
    def books_balance(self) -> None:
        if hasattr(self, "stage"):
            told = self.stage.control.audit()
            assert (told["differences"], told["unknown"]) == ([], 0)

    @invariant()
    def what_has_accrued_is_the_sum_of_what_stands(self) -> None:
        for person in getattr(self, "people", []):
            asked = self.stage.control("GET", f"people/{person['psn_no']}/accumulators")["accumulators"]
            told = {row["kind"]: Decimal(row["amount"]) for row in asked if not row["disease"]}
            mine = [each for visit, each, _ in self.live.values() if visit.person is person]
            for kind, column in COLUMNS.items():
                assert told.get(kind, 0) == sum(each[column] for each in mine), kind

    def teardown(self) -> None:
        if hasattr(self, "stage"):
            with closing(self.stage):
                pass


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
def test_messages_in_any_order_leave_books_that_balance(shared_app):
    run_state_machine_as_test(
        type("AnyOrder", (AnyOrder,), {"app": shared_app}),
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            derandomize=CI,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

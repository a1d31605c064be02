"""Two platforms over one store, as two processes are: nothing paid twice or lost, each sees what the other set."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from werkzeug.routing import Rule

from simulator.agencies.outbox import worker
from simulator.core.settings import Settings
from simulator.server.app import create_app
from simulator.store import tables
from simulator.transactions import HANDLERS
from tests.support.hospital import SERVICE, Control, Hospital
from tests.support.journey import journey
from tests.support.stage import MORNING, Stage, open_stage

DISTRICT = ("H11000000002", "北京模拟区医院", "110000")


@pytest.fixture(scope="module")
def platforms(where) -> Iterator[list[Any]]:
    """Two platforms that begin at once over one empty store."""
    settings = Settings(store=where, outbox_every_s=0, check_output=1)
    # Python 3.11 mixes up syntax trees that two threads build at once, and werkzeug builds some for every route.
    one_at_a_time, compiled = threading.Lock(), Rule.compile

    def compile_alone(rule: Rule) -> None:
        with one_at_a_time:
            compiled(rule)

    with patch.object(Rule, "compile", compile_alone):
        made = at_once([lambda: create_app(settings)] * 2)
    yield made
    for app in made:
        app.extensions["platform"].close()


@pytest.fixture(scope="module")
def both(platforms) -> Iterator[tuple[Stage, Stage]]:
    """The same sandbox as each of the two platforms sees it."""
    with closing(open_stage(platforms[0], "both")) as one:
        yield one, beside(one, platforms[1])


def beside(stage: Stage, app: Any) -> Stage:
    client = app.test_client()
    hospital = Hospital(client, DISTRICT, sandbox=stage.name)
    return Stage(app, stage.name, Control(client, stage.name), hospital)


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Runs all of them in threads that start together; their results in the order given."""
    start, results, errors = threading.Barrier(len(acts)), [None] * len(acts), []

    def run(index: int) -> None:
        start.wait()
        try:
            results[index] = acts[index]()
        except BaseException as error:  # noqa: BLE001 (told to the test below)
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return results


def visits(both, patient, count, total):
    """Visits with charges to settle, turn by turn at either platform."""
    opened = []
    for number in range(count):
        visit = both[number % 2].hospital.visit(patient)
        assert visit.charge(visit.session(total)).ok
        opened.append(visit)
    return opened


def balanced(stage: Stage) -> None:
    assert stage.control.audit()["differences"] == []


def test_a_whole_journey_is_the_same_on_either_database(both):
    with closing(open_stage(both[0].app, "journey")) as stage:
        journey(stage)
        legs = stage.control("GET", "messages?raw=1")["messages"]
        refused = [leg["infno"] for leg in legs if leg["outcome"] != "answered"]
        assert refused == []
        assert {leg["infno"] for leg in legs} >= set(HANDLERS) - {
            "2206",
            "2207",
            "2501",
            "2501A",
            "2502",
            "2503",
            "2504",
        }
        assert stage.control("GET", "people?insured_at=230900&disease=M07800&limit=5")["people"] != []
        # Pool, cash, institution, claim and debt between agencies; for the settlement, and for its cancellation.
        # The stay's charge is below its deductible: cash and institution, for two settlements and two cancellations.
        assert stage.control.audit()["entries"] == 10 + 8


# Money


def test_settlements_that_race_for_one_person_take_the_deductible_once_and_never_overspend_a_cap(both):
    left = [
        {"year": 2025, "insutype": "310", "kind": "HIFP", "disease": "M07800", "amount": "57000.00"},
        {"year": 2025, "insutype": "310", "kind": "HIFP", "amount": "57000.00"},
    ]
    patient = both[0].patient(accumulators=left, account_balance="500.00")
    opened = visits(both, patient, 8, "800.00")
    settled = at_once([lambda visit=visit: visit.settle("800.00", acct_used_flag="1").setlinfo for visit in opened])
    assert sum(each["act_pay_dedc"] for each in settled) == Decimal("500.00")
    # 8 × 800.00 = 6400.00; (6400.00 − 500.00) × 0.90 = 5310.00, of which 60,000.00 − 57,000.00 = 3000.00 are left.
    assert sum(each["hifp_pay"] for each in settled) == Decimal("3000.00")
    assert sum(each["acct_pay"] for each in settled) == Decimal("500.00")
    assert both[0].hospital.identify(patient).output["insuinfo"][0]["balc"] == 0
    balanced(both[1])


def test_cancellations_and_settlements_that_race_lose_no_movement(both):
    patient = both[0].patient(account_balance="5000.00")
    opened = visits(both, patient, 8, "400.00")
    settled = [visit.settle("400.00", acct_used_flag="1").setlinfo["setl_id"] for visit in opened[:4]]
    cancelled = zip(opened, settled, strict=False)
    acts = [lambda visit=visit, setl_id=setl_id: visit.cancel(setl_id) for visit, setl_id in cancelled]
    acts += [lambda visit=visit: visit.settle("400.00", acct_used_flag="1") for visit in opened[4:]]
    assert [answer.ok for answer in at_once(acts)] == [True] * 8
    balanced(both[0])


def raw_answer(stage, envelope):
    return stage.hospital.post(envelope).raw


def settlements_of(stage, patient):
    return [row for row in stage.rows(tables.settlement)["settlement"] if row.psn_no == patient["psn_no"]]


def test_one_message_sent_to_both_at_once_has_one_effect_and_one_answer(both):
    patient = both[0].patient()
    for visit in visits(both, patient, 3, "1000.00"):
        envelope = both[0].hospital.envelope("2207A", {"data": visit.settlement_input("1000.00")}, insured="230900")
        envelope |= dict(zip(("fixmedins_code", "fixmedins_name"), visit.hospital.institution, strict=False))
        answers = at_once([partial(raw_answer, stage, envelope) for stage in both * 3])
        assert len(set(answers)) == 1
        assert json.loads(answers[0])["infcode"] == "0", answers[0]
    assert len(settlements_of(both[1], patient)) == 3


def test_a_visit_registered_by_one_message_at_both_is_one_visit(both):
    patient = both[0].patient()
    both[0].hospital.visit(patient)
    (leg,) = both[0].control("GET", f"messages?infno=2201&raw=1&psn_no={patient['psn_no']}")["messages"]
    for _ in range(3):
        envelope = json.loads(leg["request"]) | {"msgid": both[0].hospital.envelope("2201", {})["msgid"]}
        answers = at_once([partial(raw_answer, stage, envelope) for stage in both * 3])
        assert len(set(answers)) == 1
    visited = [row for row in both[1].rows(tables.visit)["visit"] if row.psn_no == patient["psn_no"]]
    assert len(visited) == 4


def test_2601_that_races_its_original_ends_with_no_effect(both):
    patient = both[0].patient()
    for visit in visits(both, patient, 4, "1000.00"):
        msgid = both[0].hospital.envelope("2207A", {})["msgid"]
        acts = [lambda visit=visit, msgid=msgid: visit.settle("1000.00", fields={"msgid": msgid})]
        acts += [lambda visit=visit, msgid=msgid: visit.reverse(msgid, "2207A")] * 2
        settled, *reversals = at_once(acts)
        assert all(each.ok for each in reversals), [each.err_msg for each in reversals]
        assert settled.ok or "已冲正" in settled.err_msg
        assert not visit.settle("1000.00", fields={"msgid": msgid}).ok
    assert [row for row in settlements_of(both[0], patient) if row.state == "live"] == []
    balanced(both[1])


def test_of_several_2208_of_one_settlement_one_wins(both):
    (visit,) = visits(both, both[0].patient(), 1, "1000.00")
    setl_id = visit.settle("1000.00").setlinfo["setl_id"]
    answers = at_once([lambda: visit.cancel(setl_id)] * 4)
    assert sorted(answer.ok for answer in answers) == [False, False, False, True]
    balanced(both[1])


def test_a_batch_sent_twice_at_once_stands_once(both):
    visit = both[0].hospital.visit(both[0].patient())
    answers = at_once([lambda: visit.charge(visit.session("400.00"))] * 4)
    assert sorted(answer.ok for answer in answers) == [False, False, False, True]
    assert visit.settle("400.00").ok


# What is not money


def test_an_operator_who_signs_in_at_both_at_once_has_one_number(both):
    body = {"signIn": {"opter_no": "op1", "mac": "0", "ip": "127.0.0.1"}}
    sign = {"fixmedins_code": DISTRICT[0], "fixmedins_name": DISTRICT[1]}
    answers = at_once([lambda s=s: s.hospital.send("9001", body, insured="", **sign) for s in both * 3])
    assert len({answer.output["signinoutb"]["sign_no"] for answer in answers}) == 1


def test_people_made_at_both_at_once_are_different_people(both):
    people = at_once([lambda stage=stage: stage.patient() for stage in both * 4])
    assert len({each["psn_no"] for each in people}) == 8


def test_an_ordered_fault_strikes_as_often_as_ordered(both):
    patient = both[0].patient()
    both[0].control("POST", "faults", {"at": "hospital", "infno": "1101", "what": "refuse", "times": 3})
    answers = at_once([lambda stage=stage: stage.hospital.identify(patient).ok for stage in both * 4])
    assert answers.count(False) == 3


def test_what_one_sets_the_other_goes_by(both):
    one, two = both
    patient = one.patient(filings=[])
    (visit,) = visits((two, two), patient, 1, "1000.00")
    assert visit.preview("1000.00").setlinfo["pool_prop_selfpay"] == Decimal("0.7000")
    one.control("POST", "snapshots", {"name": "before"})
    text = (
        "area: '230900'\nname: 七台河市\nname_en: Qitaihe\nversion: 'test'\n"
        "unfiled:\n  - {value: refuse, from: '2023-01-01', source: ours, reference: test}\n"
    )
    one.control("PUT", "policy/230900", {"text": text})
    assert "备案" in visit.preview("1000.00").err_msg
    one.now("2025-04-01 09:00:00")
    assert two.control("GET", "clock")["now"] == "2025-04-01T09:00:00+08:00"
    one.control("POST", "snapshots/before/restore")
    assert visit.preview("1000.00").ok
    assert two.control("GET", "clock")["now"] == MORNING
    one.control("POST", "reset", {})
    assert not visit.preview("1000.00").ok
    assert two.control("GET", "people")["people"] == []
    one.control.now(MORNING)


def test_a_sandbox_made_anew_by_one_is_the_new_one_for_the_other(platforms):
    name = "made-anew"
    control = Control(platforms[0].test_client())
    control("POST", "sandboxes", {"name": name})
    there = Control(platforms[1].test_client(), name)
    control.prefix = f"/s/{name}/_sim"
    control.person()
    assert len(there("GET", "people")["people"]) == 1
    root = Control(platforms[0].test_client())
    root("DELETE", f"sandboxes/{name}")
    hospital = Hospital(platforms[1].test_client(), sandbox=name)
    gone = hospital.client.post(f"/s/{name}{SERVICE}", data=b"{}")
    assert (gone.status_code, gone.json["code"]) == (404, 404)
    root("POST", "sandboxes", {"name": name, "edition": "jiangxi-1.0"})
    assert there("GET", "people")["people"] == []
    assert Control(platforms[1].test_client())("GET", f"sandboxes/{name}")["edition"] == "jiangxi-1.0"
    root("DELETE", f"sandboxes/{name}")


def test_sandbox_deleted_in_the_middle_of_a_round_does_not_cost_the_others_theirs(tmp_path, monkeypatch):
    app = create_app(Settings(store=str(tmp_path), outbox_every_s=0))
    platform, tended = app.extensions["platform"], []
    for name in ("leaving", "staying"):
        platform.sandboxes.create(name)
    look_up = type(platform.sandboxes).get

    def deleted_after_look_up(sandboxes, name):
        found = look_up(sandboxes, name)
        if name == "leaving" and found is not None:
            sandboxes.delete(name)
        return found

    monkeypatch.setattr(type(platform.sandboxes), "get", deleted_after_look_up)
    monkeypatch.setattr(worker, "run", lambda sandbox, *_, **__: tended.append(sandbox.name))
    platform.run_maintenance()
    assert tended == ["default", "staying"]
    platform.close()

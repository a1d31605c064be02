"""Several platform processes over one store, each with its own memory, threads and connections, reached over HTTP."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from tests.agencies.processes import Client, Launcher
from tests.support.hospital import Control, Hospital

pytestmark = pytest.mark.slow

PROCESSES = 3


@pytest.fixture(scope="module")
def hospitals(where: str, tmp_path_factory) -> Iterator[list[Hospital]]:
    """A hospital at each of the processes."""
    with closing(Launcher(tmp_path_factory.mktemp("processes"))) as launcher:
        ports = [launcher.start("platform", name=f"platform {n}", store=where) for n in range(PROCESSES)]
        clients = [Client(port) for port in ports]
        Control(clients[0]).now("2025-03-10T09:00:00+08:00")
        yield [
            Hospital(client, ("H11000000001", "北京模拟第一医院", "110000"), now=f"2025-03-10 08:0{n}:00")
            for n, client in enumerate(clients)
        ]


def settled_at_once(hospitals: list[Hospital], patient: dict[str, Any], count: int, total: str) -> list[Any]:
    """As many visits at each process, all settled at once; each is opened at one process and settled at the next."""
    visits = []
    for number in range(count * PROCESSES):
        visit = hospitals[number % PROCESSES].visit(patient)
        assert visit.charge(visit.session(total)).ok
        visit.hospital = hospitals[(number + 1) % PROCESSES]
        visits.append(visit)
    with ThreadPoolExecutor(len(visits)) as calls:
        return list(calls.map(lambda visit: visit.settle(total, acct_used_flag="1").setlinfo, visits))


def test_no_cap_deductible_or_account_is_overspent_by_settlements_at_several_processes(hospitals):
    control = Control(hospitals[1].client)
    spent = [
        {"year": 2025, "insutype": "310", "kind": "HIFP", "disease": "M07800", "amount": "57000.00"},
        {"year": 2025, "insutype": "310", "kind": "HIFP", "amount": "57000.00"},
    ]
    patient = control.person(
        registrations=[{"disease": "M07800", "from": "2025-01-01"}],
        filings=[{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}],
        accumulators=spent,
        account_balance="700.00",
    )
    settled = settled_at_once(hospitals, patient, 3, "800.00")
    # 9 × 800.00 = 7200.00; (7200.00 − 500.00) × 0.90 = 6030.00, of which 60,000.00 − 57,000.00 = 3000.00 are left.
    assert sum(each["act_pay_dedc"] for each in settled) == Decimal("500.00")
    assert sum(each["hifp_pay"] for each in settled) == Decimal("3000.00")
    assert sum(each["acct_pay"] for each in settled) == Decimal("700.00")
    assert len({each["setl_id"] for each in settled}) == len(settled)
    for hospital in hospitals:
        told = Control(hospital.client).audit()
        assert (told["balanced"], told["unknown"]) == (True, 0)
        (insured,) = hospital.identify(patient).output["insuinfo"]
        assert insured["balc"] == 0


def test_one_msgid_at_every_process_at_once_has_one_effect_and_one_answer(hospitals):
    patient = Control(hospitals[0].client).person(registrations=[{"disease": "M07800", "from": "2025-01-01"}])
    visit = hospitals[0].visit(patient)
    assert visit.charge(visit.session("800.00")).ok
    sent = hospitals[0].envelope("2207A", {"data": visit.settlement_input("800.00")})
    with ThreadPoolExecutor(PROCESSES * 2) as calls:
        answers = list(calls.map(lambda hospital: hospital.post(sent), hospitals * 2))
    assert len({answer.raw for answer in answers}) == 1
    assert answers[0].ok, answers[0].body
    told = Control(hospitals[2].client)("GET", f"people/{patient['psn_no']}/accumulators")["accumulators"]
    assert {each["amount"] for each in told if each["kind"] == "DEDC"} == {"500.00"}

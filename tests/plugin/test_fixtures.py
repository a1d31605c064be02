"""What the fixtures promise to other people's tests."""

import os
import signal
import socket

import pytest

from simulator.core.errors import SetupError
from simulator.harness.environment.processes import free_port
from simulator.testing.shared_platform import start
from tests.plugin.running import run_pytest

PATIENT = """
    import pytest
    PATIENT = {"insured_at": "230900", "category": "retired", "account_balance": "1200.00",
               "registrations": [{"disease": "M07800", "from": "2025-01-01"}],
               "filings": [{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}]}
    DIALYSIS = [{"med_list_codg": "003110000060000-311000027", "cnt": 3, "pric": "420.00"}]
"""


def test_an_error_finding_fails_the_test_that_caused_it_and_no_other(suite):
    done = suite("""
        def test_wrong(national_platform):
            national_platform.hospital.send("1101", {"data": {}})

        def test_right(national_platform):
            assert national_platform.findings() == []
    """)
    assert done.outcome == {"failed": 1, "passed": 1}
    assert "contract.required" in done.said
    assert "mdtrt_cert_type" in done.said
    assert "Traceback" not in done.said


def test_an_expected_finding_passes_and_an_absent_one_fails(suite):
    done = suite("""
        def test_expected(national_platform):
            national_platform.expect_finding("contract.required")
            national_platform.hospital.send("1101", {"data": {}})

        def test_expected_by_family(national_platform):
            national_platform.expect_finding("contract")
            national_platform.hospital.send("1101", {"data": {}})

        def test_other_than_expected(national_platform):
            national_platform.expect_finding("contract.code")
            national_platform.hospital.send("1101", {"data": {}})

        def test_absent(national_platform):
            national_platform.expect_finding("contract.code")
    """)
    assert done.outcome == {"failed": 2, "passed": 2}
    assert "预期的发现 contract.code 没有出现；出现的有：contract.required" in done.said
    assert "预期的发现 contract.code 没有出现；出现的有：-" in done.said


def test_a_test_that_fails_by_itself_shows_what_the_platform_saw(suite):
    done = suite("""
        def test_own(national_platform):
            national_platform.hospital.send("1101", {"data": {}})
            assert 1 == 2
    """)
    assert done.outcome == {"failed": 1}
    assert "assert 1 == 2" in done.said
    assert "1 条报文，2 个发现" in done.said


def test_identities_are_masked_in_what_is_told(suite):
    done = suite(f"""{PATIENT}
    @pytest.mark.nhsa_people(patient=PATIENT)
    def test_wrong(national_platform):
        person = national_platform.people["patient"]
        national_platform.hospital.call("1101", person, fields={{"certno": person["certno"] * 3}})
        print("born", person["certno"][6:14])
    """)
    assert done.outcome == {"failed": 1}
    assert "contract.too_long" in done.said
    born = done.said.partition("born ")[2][:8]
    assert len(born) == 8
    # The birth date stands in the middle of the number, which is hidden.
    assert done.said.count(born) == 1


def test_marks_set_clock_people_edition_and_strictness(suite):
    done = suite(f"""{PATIENT}
    pytestmark = [pytest.mark.nhsa_clock("2025-03-10T09:00:00+08:00"), pytest.mark.nhsa_people(other={{"age": 40}})]

    @pytest.mark.nhsa_people(patient=PATIENT)
    @pytest.mark.nhsa_edition("jiangxi-1.0")
    @pytest.mark.nhsa_strict(False)
    def test_all(national_platform):
        assert national_platform.control.now == "2025-03-10 09:00:00"
        assert set(national_platform.people) == {{"patient", "other"}}
        # 江西 codes an identity card 1, the others 01.
        assert national_platform.people["patient"]["psn_cert_type"] == "1"
        shown = national_platform.control._sandbox.platform.control("GET", f"sandboxes/{{national_platform.name}}")
        assert (shown["edition"], shown["strict"], shown["clock"]["running"]) == ("jiangxi-1.0", False, False)
        assert national_platform.hospital.identify(national_platform.people["patient"]).ok

    @pytest.mark.nhsa_clock("2025-12-31T10:00:00")
    def test_the_closest_mark_wins(national_platform):
        assert national_platform.control.now == "2025-12-31 10:00:00"
        with pytest.raises(KeyError, match="other"):
            national_platform.people["othr"]

    @pytest.mark.parametrize("time", [1, 2])
    def test_people_are_the_same_each_time(national_platform, time, pytestconfig):
        seen = pytestconfig.stash.setdefault(SEEN, national_platform.people["other"]["certno"])
        assert national_platform.people["other"]["certno"] == seen

    SEEN = pytest.StashKey()
    """)
    assert done.code == 0, done.said


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("nhsa_strict('x')", "nhsa_strict 要且只要一个参数：True 或 False"),
        ("nhsa_clock()", "nhsa_clock 要且只要一个参数：文本"),
        ("nhsa_clock('noon')", "noon"),
        ("nhsa_edition('jiangxi')", "是不是“jiangxi-1.0”"),
        ("nhsa_people({'category': 'retired'})", "nhsa_people(patient="),
        ("nhsa_people(patient={'categry': 'retired'})", "category"),
    ],
)
def test_a_wrong_mark_is_told_in_a_sentence(suite, mark, said):
    done = suite(f"""
        import pytest

        @pytest.mark.{mark}
        def test_it(national_platform):
            pass
    """)
    assert done.outcome == {"error": 1}
    assert said in done.said
    assert "Traceback" not in done.said


def test_a_visit_is_prepared_settled_cancelled_and_reversed_in_a_few_lines(suite):
    done = suite(f"""{PATIENT}
    pytestmark = [pytest.mark.nhsa_clock("2025-03-10T09:00:00"), pytest.mark.nhsa_people(patient=PATIENT)]

    def test_life(national_platform, contract):
        person = national_platform.people["patient"]
        visit = national_platform.hospital.visit(person, disease="M07803", charges=DIALYSIS)
        assert visit.preview().ok
        settled = visit.settle()
        assert settled.output["setlinfo"]["hifp_pay"] == 684  # (3 × 420.00 − 500.00) × 0.90
        contract.check(settled.request)
        contract.check(settled.body, request=settled.request)
        assert visit.cancel().ok
        again = visit.settle()
        assert visit.reverse(again).ok
        assert national_platform.control.audit()["balanced"]
        assert [each["infno"] for each in national_platform.messages(infno="2601")] == ["2601"]

    def test_refusal_is_told_where_it_was_taken_for_granted(national_platform):
        national_platform.expect_finding("contract.required")
        answer = national_platform.hospital.call("2203A", national_platform.people["patient"])
        assert not answer.ok
        with pytest.raises(AssertionError, match="2203A 未被接受"):
            answer.output
    """)
    assert done.code == 0, done.said


def test_the_contract_is_checked_without_any_platform(tmp_path, suite):
    done = suite(
        """
        import json
        import pytest

        def test_messages(contract):
            request, answer = contract.example("2207A"), contract.example("2207A", "out")
            contract.check(request)
            contract.check(json.dumps(request))
            contract.check(json.dumps(request).encode())
            contract.check(answer, request=request)
            contract.check(answer, infno="2207A")

        def test_breaches(contract):
            request = contract.example("2207A")
            request["input"]["data"]["med_type"] = "88"
            with pytest.raises(AssertionError, match="/input/data/med_type.*医疗类别"):
                contract.check(request)
            answer = contract.example("2207A", "out")
            answer["output"]["setlinfo"]["fund_pay_sumamt"] = 1
            with pytest.raises(AssertionError, match="fund_pay_sumamt"):
                contract.check(answer, infno="2207A")
            answer["output"]["unheard_of"] = {}
            with pytest.raises(AssertionError, match="unheard_of"):
                contract.check(answer, request=contract.example("2207A"))

        @pytest.mark.parametrize("message", ["", "{", "[]", "{}", b"\\xff", {"infno": object()}])
        def test_what_is_no_message(contract, message):
            with pytest.raises(AssertionError):
                contract.check(message)

        def test_an_answer_alone_is_not_taken_for_checked(contract):
            with pytest.raises(AssertionError, match="request"):
                contract.check(contract.example("2207A", "out"))

        def test_files(contract, tmp_path):
            request = contract.example("2207A")
            (tmp_path / "good.json").write_text(json.dumps(request))
            contract.check_file(tmp_path / "good.json")
            del request["input"]["data"]["psn_no"]
            (tmp_path / "bad.jsonl").write_text(json.dumps(request))
            with pytest.raises(AssertionError, match="bad.jsonl:1 /input/data/psn_no"):
                contract.check_file(tmp_path)

        def test_masked(contract):
            request = contract.example("1101")
            request["input"]["data"]["certno"] = "230999195805120023" * 4
            with pytest.raises(AssertionError) as error:
                contract.check(request)
            assert "230999195805120023" not in str(error.value)
            with pytest.raises(AssertionError, match="230999195805120023"):
                contract.check(request, unmasked=True)
        """,
        "--sim-platform",
        "http://127.0.0.1:9",
    )
    assert done.code == 0, done.said


def test_the_platform_of_a_run_is_gone_afterwards(tmp_path):
    (tmp_path / "test_theirs.py").write_text(
        "from pathlib import Path\n"
        "def test_it(national_platform):\n"
        "    Path('url').write_text(national_platform.url)\n"
        "    assert national_platform.control.audit()['balanced']\n"
    )
    done = run_pytest(tmp_path, "-W", "error")
    assert done.code == 0, done.said
    port = int((tmp_path / "url").read_text().split(":")[2].split("/")[0])
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


def test_a_port_that_another_platform_took_is_passed_over(running):
    """Two runs may be given the same free port; neither may take the other's platform for its own."""
    taken = int(running.platform.url.rpartition(":")[2])
    ports = iter([taken, free_port()])
    made = start(ports=lambda: next(ports))
    try:
        assert made.platform.url != running.platform.url
        made.refuse_dead()
    finally:
        made.end()


def test_a_platform_that_died_is_told_with_its_last_words():
    made = start()
    assert made.processes is not None
    [process] = made.processes._started
    os.killpg(process.popen.pid, signal.SIGKILL)
    process.popen.wait()
    with pytest.raises(SetupError):
        made.refuse_dead()
    made.end()


def test_a_url_where_nobody_is_fails_in_a_sentence(suite):
    done = suite("def test_it(national_platform): pass", "--sim-platform", "http://127.0.0.1:9")
    assert done.outcome == {"error": 1}
    assert "http://127.0.0.1:9" in done.said
    assert "Traceback" not in done.said

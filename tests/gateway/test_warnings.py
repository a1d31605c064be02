"""What keeps the contract and is odd all the same is taken, with a finding of severity warning."""

import itertools
from contextlib import ExitStack, closing

import pytest

from simulator.core.settings import Settings
from simulator.server.app import create_app
from tests.support.stage import open_stage

NOW, REAL = "2025-03-10 09:00:00", "2030-06-01 08:00:00"
"""The trade clock of a stage, and real time in Beijing."""
REAL_AT = 1_906_502_400.0


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    """A platform whose real time stands still."""
    settings = Settings(store=str(tmp_path_factory.mktemp("warnings")), outbox_every_s=0, check_output=1)
    app = create_app(settings, clock=lambda: REAL_AT)
    yield app
    app.extensions["platform"].close()


_numbers = itertools.count(1)


@pytest.fixture
def stages(platform):
    with ExitStack() as opened:
        yield lambda **more: opened.enter_context(closing(open_stage(platform, f"stage-{next(_numbers)}", **more)))


def warned(stage, answer):
    """Rule, path and received value of each finding about one message, which was taken."""
    assert answer.ok, answer.err_msg
    found = stage.control.findings()
    assert {each["severity"] for each in found} <= {"warning"}
    return [(each["rule"], each["path"], each["got"]) for each in found]


def asked(stage, **fields):
    """A message that the platform has no reason to refuse."""
    return stage.hospital.send(
        "1201",
        {"medinsinfo": {"fixmedins_type": "1", "fixmedins_name": "", "fixmedins_code": "H11000000001"}},
        insured="",
        **fields,
    )


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    "sent",
    ["1901-01-01 00:00:00", "1970-01-01 08:00:00", "2024-03-10 08:59:59", "2031-06-01 08:00:01", "2098-12-31 23:59:59"],
)
def test_a_clock_that_is_years_off_is_told(stages, strict, sent):
    stage = stages(strict=strict)
    assert warned(stage, asked(stage, inf_time=sent)) == [("gateway.client_clock", "/inf_time", sent)]


@pytest.mark.parametrize("sent", ["2024-03-10 09:00:00", NOW, "2026-03-10 09:00:00"])
def test_a_clock_within_a_year_of_the_trade_clock_is_not(stage, sent):
    assert warned(stage, asked(stage, inf_time=sent)) == []


@pytest.mark.parametrize("sent", ["2029-06-01 08:00:00", REAL, "2031-06-01 08:00:00"])
def test_a_client_that_goes_by_real_time_is_not_told_the_trade_clock(stage, sent):
    assert warned(stage, asked(stage, inf_time=sent)) == []


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("signtype", ["SM2", "SM3", ""])
def test_a_signature_that_was_not_verified_is_told(stages, strict, signtype):
    stage = stages(strict=strict)
    answer = asked(stage, cainfo="deadbeef", signtype=signtype)
    assert warned(stage, answer) == [("gateway.signature_not_verified", "/cainfo", "deadbeef")]


@pytest.mark.parametrize("cainfo", ["", " "])
def test_a_message_that_is_not_signed_is_not(stage, cainfo):
    assert warned(stage, asked(stage, cainfo=cainfo, signtype="SM2")) == []


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("begins", "late"),
    [("2025-03-10 23:59:59", False), ("2025-03-11 00:00:00", True), ("2027-05-01 08:00:00", True)],
)
def test_a_visit_of_a_later_day_is_told_by_2201_and_2203(stages, strict, begins, late):
    stage = stages(strict=strict)
    visit = stage.hospital.visit(stage.patient(), begins=begins)
    assert visit.id
    told = [(each["rule"], each["severity"], each["path"], each["got"]) for each in stage.control.findings()]
    paths = ("/input/data/begntime", "/input/mdtrtinfo/begntime") if late else ()
    assert told == [("visit.in_future", "warning", path, begins) for path in paths]

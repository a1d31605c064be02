"""Whatever an agency answers, the hospital hears something, the platform has no defect, and the books end equal."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agencies.bodies import registration
from tests.agencies.conftest import City, of_two_patients, plain
from tests.agencies.stub_agency import StubAgency

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=8),
    st.integers(-(10**20), 10**20),
    st.sampled_from([0.005, -1e300, "", "null", "2025-02-30 00:00:00", "9" * 400, [], {}, [None], [[]], {"a": 1}]),
)
EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(["drop", "put", "add"]), ODD), min_size=1, max_size=3)


def edited(answer: dict[str, Any], edits: list[tuple[int, str, Any]]) -> dict[str, Any]:
    """The answer with some of its members dropped, replaced or added; which ones, the numbers choose."""
    copied: dict[str, Any] = json.loads(json.dumps(answer, default=float))
    for number, how, odd in edits:
        places = list(members(copied))
        node, key = places[number % len(places)]
        if how == "drop":
            del node[key]
        elif how == "put":
            node[key] = odd
        elif isinstance(node, dict):
            node["extra"] = odd
    return copied


def members(node: Any) -> Any:
    """Every object or list with each of its keys."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from members(node[key])


class Spoiling(StubAgency):
    """Right in its books, odd in its answers to one transaction."""

    infno = ""
    edits: tuple[Any, ...] = ()

    def handle(self, message: dict[str, Any]) -> dict[str, Any]:
        answer = super().handle(message)
        return edited(answer, list(self.edits)) if message["infno"] == self.infno else answer


def serving(agency: StubAgency) -> ThreadingHTTPServer:
    """As the stub's own server, but a half that is no JSON number may be written too."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            written = json.dumps(agency.handle(json.loads(raw)), default=float).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, *_: Any) -> None:
            return

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture(params=[True, False], ids=["strict", "lenient"])
def odd_city(request, stages, running) -> tuple[City, Spoiling]:
    city = of_two_patients(stages(strict=request.param))
    stub = Spoiling(plain(city.people))
    city.register(running(serving(stub)))
    return city, stub


@pytest.mark.parametrize("infno", ["2207A", "2208", "1101", "5206", "2503"])
def test_an_odd_answer_leaves_no_defect_and_no_half(odd_city, infno):
    city, stub = odd_city

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(edits=EDITS)
    def answered(edits: list[tuple[int, str, Any]]) -> None:
        stub.infno, stub.edits = "", ()
        visit = city.visit()
        settled = visit.settle("1000.00").setlinfo if infno == "2208" else {}
        stub.infno, stub.edits = infno, tuple(edits)
        answer = {
            "2207A": lambda: visit.settle("1000.00"),
            "2208": lambda: visit.cancel(settled["setl_id"]),
            "1101": lambda: city.hospital.identify(city.person),
            "5206": lambda: city.hospital.send("5206", {"data": {"psn_no": city.person["psn_no"], "cum_ym": ""}}),
            "2503": lambda: city.hospital.send("2503", {"data": registration(city.person, "M08300")}),
        }[infno]()
        assert answer.body is not None
        assert answer.body["infcode"] in ("0", "-1")
        assert answer.body["infcode"] == "0" or answer.err_msg
        assert "内部" not in answer.err_msg
        stub.infno, stub.edits = "", ()
        assert city.run_outbox()["waiting"] == 0

    answered()
    assert city.control.audit()["differences"] == []
    assert city.day_differences() == []

"""Whatever comes to a control call, the answer is JSON of one form with a 4xx status, and nothing was changed."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from simulator.control.calls import CALLS
from simulator.core.settings import Settings
from simulator.server.app import create_app
from simulator.store import tables
from tests.support.stage import Stage, open_stage

STATE = [table for table in tables.metadata.sorted_tables if table.name != "finding"]
PARTS = {
    "<name>": "nobody",
    "<area>": "230900",
    "<code>": "H11000000001",
    "<psn_no>": "nobody",
    "<number>": "77",
    "<snapshot>": "none",
    "<setl_id>": "77",
}


def filled(rule: str) -> str:
    for part, value in PARTS.items():
        rule = rule.replace(part, value)
    return rule


CHANGING = sorted({(method, rule) for rule, method, _, _ in CALLS if method in ("POST", "PUT")})
EVERY = sorted({(method, rule) for rule, method, _, _ in CALLS})


@pytest.fixture(scope="module")
def stage(shared_app) -> Iterator[Stage]:
    """One for all: nothing here may change it."""
    with closing(open_stage(shared_app, "bad-calls")) as made:
        yield made


@pytest.fixture
def refused(stage):
    """Sends bytes to a control call; the error, after a look that everything stands as it stood."""

    def send(method: str, path: str, raw: bytes = b"", *, prefix: str = "", **options: Any) -> tuple[int, Any]:
        before = stage.rows(*STATE)
        options.setdefault("content_type", "application/json")
        prefix = prefix or stage.control.prefix
        answer = stage.control.client.open(f"{prefix}/{path}", method=method, data=raw, **options)
        assert 400 <= answer.status_code < 500, (answer.status_code, answer.text)
        error = answer.json["error"]
        assert {"code", "message", "path"} <= set(error) <= {"code", "message", "path", "all"}
        assert error["message"]
        assert stage.rows(*STATE) == before
        return answer.status_code, error

    return send


def of_stage(rule: str) -> str:
    """The prefix that a call needs: those about the platform have no sandbox."""
    return "/_sim" if rule.startswith("sandboxes") else ""


@pytest.mark.parametrize(("method", "rule"), CHANGING)
def test_an_unknown_key_is_refused_by_its_name(refused, method, rule):
    _, error = refused(method, filled(rule), b'{"zzz_unknown": 1}', prefix=of_stage(rule))
    told = json.dumps(error, ensure_ascii=False)
    # What cannot be the body of this call at all may be told of something else first.
    assert "zzz_unknown" in told or error["code"].endswith("_unknown"), told


@pytest.mark.parametrize(("method", "rule"), CHANGING)
@pytest.mark.parametrize(
    "raw", [b"[]", b"null", b'"x"', b"7", b"{", b'{"a": 1, "a": 2}', b"\xff\xfe{}", b'{"a": NaN}', b"[" * 3000]
)
def test_what_is_no_object_is_refused(refused, method, rule, raw):
    refused(method, filled(rule), raw, prefix=of_stage(rule))


@pytest.mark.parametrize(("method", "rule"), CHANGING)
def test_a_form_or_plain_text_is_refused_since_any_web_page_can_send_it(refused, method, rule):
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        _, error = refused(method, filled(rule), b'{"name": "x"}', prefix=of_stage(rule), content_type=media_type)
        assert error["code"] == "media_type"


@pytest.mark.parametrize(("method", "rule"), EVERY)
def test_a_page_of_another_origin_or_a_rebound_name_gets_nothing(refused, method, rule):
    prefix = of_stage(rule)
    for headers, code in (
        ({"Origin": "http://evil.example"}, "origin"),
        ({"Origin": "null"}, "origin"),
        ({"Origin": "http://localhost:1"}, "origin"),
        ({"Host": "evil.example"}, "host"),
        ({"Host": "127.0.0.1.evil.example"}, "host"),
        ({"Host": "[::1"}, "host"),
        ({"Host": ""}, "host"),
    ):
        raw = b"{}" if method in ("POST", "PUT") else b""
        status, error = refused(method, filled(rule), raw, prefix=prefix, headers=headers)
        assert (status, error["code"]) == (403, code)


def test_the_page_of_the_platform_itself_and_every_loopback_name_are_served(stage):
    for host in ("localhost", "localhost:8100", "127.0.0.1:8100", "[::1]:8100", "127.8.8.8"):
        for headers in ({"Host": host}, {"Host": host, "Origin": f"http://{host}"}):
            answer = stage.control.client.get(f"{stage.control.prefix}/clock", headers=headers)
            assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("method", "rule"), [each for each in EVERY if not each[1].startswith("sandboxes")])
def test_a_sandbox_that_does_not_exist_is_told_so(refused, method, rule):
    for name in ("nobody", "BIG", "a" * 41, "%00", "default.sqlite"):
        status, error = refused(method, filled(rule), b"{}", prefix=f"/s/{name}/_sim")
        assert status == 404, error


def test_a_call_that_does_not_exist_lists_those_that_do(refused):
    status, error = refused("GET", "peple")
    assert (status, error["code"]) == (404, "no_such_call")
    assert "GET people" in error["message"]
    assert refused("DELETE", "clock")[0] in (404, 405)


@pytest.mark.parametrize("name", ["", "A", "a_b", "a" * 41, "../x", "a/b", "x\n", "沙箱", "a.b", "--é"])
def test_a_name_that_could_be_a_path_is_no_sandbox_and_no_snapshot(refused, name):
    body = json.dumps({"name": name}).encode()
    assert refused("POST", "sandboxes", body, prefix="/_sim")[1]["path"] == "name"
    assert refused("POST", "snapshots", body)[1]["path"] == "name"


def test_a_name_that_is_taken_is_refused_and_its_sandbox_stays_as_it_is(refused, stage):
    body = json.dumps({"name": stage.name, "seed": 7, "strict": False}).encode()
    status, error = refused("POST", "sandboxes", body, prefix="/_sim")
    assert (status, error["code"], error["path"]) == (409, "sandbox_exists", "name")


OPENING = {"year": 2025, "insutype": "310", "kind": "HIFP", "amount": "1.00"}


@pytest.mark.parametrize(
    ("method", "path", "body", "where"),
    [
        ("POST", "/_sim sandboxes", {"name": "new", "seeed": 1}, "seeed"),
        ("POST", "/_sim sandboxes", {"name": "new", "seed": -1}, "seed"),
        ("POST", "/_sim sandboxes", {"name": "new", "clock": "tomorrow"}, "clock"),
        ("POST", "/_sim sandboxes", {"name": "new", "clock": "9999-12-31T23:59:59-12:00"}, "clock"),
        ("POST", "/_sim sandboxes", {"name": "new", "edition": "hunan"}, ""),
        ("POST", "/_sim sandboxes", {"name": "new", "gateway": {"name": "sm2"}}, "gateway.name"),
        ("PUT", "clock", {"now": "2025-02-30T00:00:00+08:00"}, "now"),
        ("PUT", "clock", {"now": "0001-01-01T00:00:00+14:00"}, "now"),
        ("PUT", "clock", {"runing": True}, "runing"),
        ("POST", "people", {"insured_at": "230900", "insutype": "310", "category": "retird"}, "category"),
        ("POST", "people", {"insured_at": "239999", "insutype": "310", "category": "retired"}, "insured_at"),
        ("POST", "people/populate", {"insured_at": "230900", "count": 0}, "count"),
        ("POST", "people/populate", {"insured_at": "000000", "count": 1}, "insured_at"),
        ("POST", "people/nobody/accumulators", {"year": 2025, "insutype": "310", "kind": "X", "amount": "1"}, "kind"),
        (
            "POST",
            "people/nobody/accumulators",
            {"year": 2025, "insutype": "310", "kind": "HIFP", "amount": 1},
            "amount",
        ),
        ("PUT", "institutions/H1", {"name": "x"}, ""),
        ("PUT", "catalogue/110000", {"items": [{"code": "X"}]}, ""),
        ("PUT", "catalogue/999999", {"items": []}, ""),
        ("PUT", "agencies/239999", {"url": "http://127.0.0.1:1/"}, "area"),
        ("PUT", "agencies/230900", {"url": "http://127.0.0.1:1/", "timeout_s": 0}, "timeout_s"),
        ("PUT", "agencies/230900", {"url": "http://127.0.0.1:1/", "edition": "hunan"}, ""),
        ("POST", "agencies/230900/day", {"day": "2025-02-30"}, "day"),
        ("POST", "faults", {"at": "hospital", "what": "explode"}, "what"),
        ("POST", "faults", {"at": "hospital", "what": "refuse", "nth": 2.0}, "nth"),
        ("POST", "faults", {"at": "hospital", "what": "delay", "delay_s": 601}, "delay_s"),
        ("POST", "reconciliation", {"day": "2025-03-32", "rows": []}, "day"),
        ("POST", "reconciliation", {"day": "2025-03-10", "rows": [{"setl_id": "1", "acct_pay": "x"}]}, "rows"),
        ("POST", "reconciliation", {"day": "2025-03-10", "rows": [{"setl_id": "1", "acct_pay": "0.001"}]}, "rows"),
        ("POST", "tasks", {"role": "nurse", "act": "file"}, "role"),
        ("PUT", "tasks/99999999999999999999", {"state": "taken"}, "number"),
    ],
)
def test_a_body_with_a_mistake_is_refused_with_its_place(refused, method, path, body, where):
    prefix, _, path = path.rpartition(" ")
    _, error = refused(method, path, json.dumps(body).encode(), prefix=prefix)
    assert where in error["path"], error


@pytest.mark.parametrize(
    ("path", "body", "meant"),
    [
        ("faults", {"at": "hospital", "what": "delay", "delay": 1}, "delay_s"),
        ("faults", {"at": "hospital", "what": "drop_befor"}, "drop_before"),
        ("people", {"insured_at": "230900", "insutype": "310", "categroy": "retired"}, "category"),
        ("people/nobody/filings", {"plase": "110000"}, "place"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_one_that_was_meant(refused, path, body, meant):
    _, error = refused("POST", path, json.dumps(body).encode())
    told = [error["message"], *(each["message"] for each in error.get("all", []))]
    assert any(f"是不是“{meant}”" in each or f"did you mean '{meant}'" in each for each in told), told


@pytest.mark.parametrize(
    "path",
    [
        "people?limit=x",
        "people?limit=-1",
        "people?limit=99999999999999999999",
        "people?insured=230900",
        "messages?after=1.5",
        "messages?infnoo=2207A",
        "findings?severty=error",
        "catalogue",
        "catalogue?area=110000&on=today",
        "institutions?are=110000",
        "policy/230900?on=2025-13-01",
        "policy/239999",
        "settlements/" + "9" * 24,
        "settlements/" + "9" * 400,
        "settlements/x",
        "people/nobody",
        "people/nobody/accumulators",
        "agencies/330100",
        "agencies/zzz",
        "tasks?state=opened",
        "tasks?wait=long",
        "messages?wait=-1",
        "messages?wait=1e9",
    ],
)
def test_a_question_with_a_mistake_is_refused(refused, path):
    refused("GET", path)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://192.0.2.1/",
        "http://127.0.0.1@example.com/",
        "http://user:secret@127.0.0.1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "127.0.0.1:80",
        "http://",
        "http://[::1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:x/",
        "http://169.254.169.254/latest/",
        "http://0.0.0.0/",
        "http://a b/",
    ],
)
def test_an_agency_address_that_is_none_or_leads_out_is_refused(refused, url):
    _, error = refused("PUT", "agencies/230900", json.dumps({"url": url}).encode())
    assert "secret" not in error["message"]


def test_a_target_that_was_allowed_may_be_named_and_no_other(tmp_path):
    app = create_app(Settings(store=str(tmp_path), outbox_every_s=0, allow_targets=("ybj.example",)))
    client = app.test_client()

    def register(url: str) -> int:
        return client.put("/_sim/agencies/230900", json={"url": url}).status_code

    assert register("https://ybj.example:8443/nhsa/") == 200
    assert register("https://ybj.example.org/") == 400
    assert register("https://other.example/") == 400
    app.extensions["platform"].close()


def test_with_a_token_nobody_controls_without_it(tmp_path):
    app = create_app(Settings(store=str(tmp_path), outbox_every_s=0, token="geheim", hosts=("sim.example",)))
    client = app.test_client()
    for given in ("", "Bearer wrong", "Bearer gehei", "Bearer 密", "geheimgeheim"):
        answer = client.get("/_sim/clock", headers={"Authorization": given.encode().decode("latin-1")})
        assert (answer.status_code, answer.json["error"]["code"]) == (401, "token")
    allowed = {"Authorization": "Bearer geheim"}
    assert client.get("/_sim/clock", headers=allowed).status_code == 200
    assert client.get("/_sim/clock", headers=allowed | {"Host": "sim.example:8100"}).status_code == 200
    assert client.get("/metrics").status_code == 401
    app.extensions["platform"].close()

"""Gateway profile `api_hmac`: who passes, the four printed causes of refusal, and that time is real time."""

import base64
import hashlib
from collections.abc import Callable, Iterator

import pytest

from simulator.core.settings import Settings
from simulator.core.signing import signature
from simulator.server.app import create_app
from simulator.store import tables
from tests.support.hospital import Hospital
from tests.support.stage import Stage, open_stage

NOW = 1_741_568_400.0
"""The real moment of this file's platform, whatever the trade clock says."""
KEYS = {"name": "api_hmac", "access_key": "AK-1", "secret_key": "密钥-1", "window_s": 1800}


def hmac_sha1(key: bytes, message: bytes) -> bytes:
    """HMAC as RFC 2104 defines it, from SHA-1 alone."""
    block = (hashlib.sha1(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha1(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha1(bytes(byte ^ 0x5C for byte in block) + inner).digest()


def signed(api: str = "1101", stamp: str = f"{int(NOW)}", **changes: str) -> dict[str, str]:
    """The five headers, signed with the second implementation."""
    values = {"_api_name": api, "_api_version": "1.0", "_api_timestamp": stamp, "_api_access_key": "AK-1"} | changes
    joined = "&".join(f"{name}={values[name]}" for name in sorted(values))
    return values | {
        "_api_signature": base64.b64encode(hmac_sha1(KEYS["secret_key"].encode(), joined.encode())).decode()
    }


@pytest.fixture(scope="module")
def app_at_a_fixed_moment(tmp_path_factory):
    made = create_app(
        Settings(store=str(tmp_path_factory.mktemp("signing")), outbox_every_s=0, check_output=1), clock=lambda: NOW
    )
    yield made
    made.extensions["platform"].close()


@pytest.fixture
def guarded(app_at_a_fixed_moment, request) -> Iterator[Stage]:
    name = f"signing-{abs(hash(request.node.nodeid))}"[:40]
    made = open_stage(app_at_a_fixed_moment, name, gateway=KEYS)
    yield made
    made.close()


@pytest.fixture
def ask(guarded: Stage) -> Callable[..., tuple[int, dict]]:
    """Sends 1101 with headers; the status and the body."""
    person = guarded.patient()
    raw = guarded.hospital.envelope("2001", {"data": {}}, insured="230900")
    raw |= {"infno": "1101", "input": {"data": identity(person)}}

    def send(headers, envelope=raw):
        answer = guarded.hospital.post(envelope, headers=headers)
        return answer.status, answer.body

    return send


def identity(person):
    return {
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": person["certno"],
        "card_sn": "",
        "begntime": "",
        "psn_cert_type": "01",
        "certno": person["certno"],
        "psn_name": person["psn_name"],
    }


@pytest.mark.parametrize(
    ("key", "data", "digest"),
    [
        # RFC 2202, test cases 1, 2 and 6 (a key longer than a block).
        ("\x0b" * 20, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
        ("Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ("k" * 80, "Test Using Larger Than Block-Size Key - Hash Key First", ""),
    ],
)
def test_the_signature_is_hmac_sha1_in_base64(key, data, digest):
    independent = hmac_sha1(key.encode(), data.encode())
    assert digest in ("", independent.hex())
    assert signature(data, key) == base64.b64encode(independent).decode()


@pytest.mark.parametrize(
    "stamp", [f"{int(NOW)}", f"{int(NOW)}000", f"{int(NOW) - 1800}", f"{int(NOW) + 1800}", f"{int(NOW)}999"]
)
def test_a_signed_message_passes_with_seconds_or_milliseconds_inside_the_window(ask, stamp):
    status, body = ask(signed(stamp=stamp))
    assert (status, body["infcode"]) == (200, "0")


@pytest.mark.parametrize("form", ["_api_name", "-Api-Name", "_API_NAME"])
def test_header_names_count_in_any_spelling_that_servers_make_of_them(ask, form):
    headers = signed()
    headers[form] = headers.pop("_api_name")
    assert ask(headers)[0] == 200


CAUSES = {
    "nothing at all": ({}, "缺少服务网关的请求头!"),
    "one header less": ({"_api_version": ""}, "缺少服务网关的请求头!"),
    "no signature": ({"_api_signature": ""}, "缺少服务网关的请求头!"),
    "a second too old": ({"_api_timestamp": f"{int(NOW) - 1801}"}, "签名时间戳超时!"),
    "a second too early": ({"_api_timestamp": f"{int(NOW) + 1801}"}, "签名时间戳超时!"),
    "no number": ({"_api_timestamp": "2025-03-10"}, "签名时间戳超时!"),
    "twelve digits": ({"_api_timestamp": "174156840000"}, "签名时间戳超时!"),
    "another user": ({"_api_access_key": "AK-2"}, "非法用户!"),
    "another signature": ({"_api_signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "签名不一致!"),
    "another name than signed": ({"_api_name": "2207A"}, "签名不一致!"),
    "a signature beyond ASCII": ({"_api_signature": "签名".encode().decode("latin-1")}, "签名不一致!"),
}


@pytest.mark.parametrize("case", CAUSES)
def test_each_cause_is_told_in_the_printed_words_and_shape_and_nothing_is_kept(guarded, ask, case):
    changes, words = CAUSES[case]
    headers = {name: value for name, value in (signed() | changes).items() if value} if changes else {}
    status, body = ask(headers)
    assert (status, body["code"]) == (401, 401)
    assert body["message"].startswith(words)
    assert KEYS["secret_key"] not in str(body) + str(guarded.control.findings())
    assert guarded.rows(tables.message, tables.visit) == {"message": [], "visit": []}
    assert [leg["outcome"] for leg in guarded.control("GET", "messages")["messages"]] == ["turned_away"]


def test_the_same_signed_headers_pass_again_inside_the_window_and_the_body_is_not_signed(guarded, ask):
    other = guarded.patient(age=70)
    assert ask(signed())[1]["infcode"] == "0"
    envelope = guarded.hospital.envelope("1101", {"data": identity(other)})
    assert ask(signed(), envelope)[1]["output"]["baseinfo"]["psn_no"] == other["psn_no"]


def test_a_message_held_back_by_a_fault_needs_no_second_signature_when_it_arrives(guarded):
    guarded.control("POST", "faults", {"at": "hospital", "infno": "2201", "what": "late"})
    visit = Hospital(guarded.hospital.client, sandbox=guarded.name)
    person = guarded.patient()
    data = identity(person) | {"psn_no": person["psn_no"], "insutype": "310", "psn_type": person["psn_type"]}
    data |= {"begntime": "2025-03-10 09:00:00", "ipt_otp_no": "M1", "atddr_no": "D1", "dr_name": "医", "caty": "A03.09"}
    data |= {"dept_code": "A03", "dept_name": "肾内科"}
    envelope = visit.envelope("2201", {"data": data})
    assert visit.post(envelope, headers=signed("2201")).body is None
    reversal = {"psn_no": person["psn_no"], "omsgid": envelope["msgid"], "oinfno": "2201"}
    assert visit.post(visit.envelope("2601", {"data": reversal}), headers=signed("2601")).ok
    last = guarded.control("GET", "messages?infno=2201")["messages"][-1]
    assert last["outcome"] == "refused"
    assert "已冲正" in last["answer"]


def test_a_sandbox_never_shows_its_keys(guarded):
    shown = str(guarded.control("GET", "messages?raw=1")) + str(guarded.control("GET", "people"))
    about = guarded.hospital.client.get(f"/_sim/sandboxes/{guarded.name}").text
    assert "AK-1" not in shown + about
    assert KEYS["secret_key"] not in shown + about
    assert '"api_hmac"' in about


PAASID, NONCE = "AK-1", "n-4711"


def signed_for_other_gateway(stamp: str = f"{int(NOW)}", **changes: str) -> dict[str, str]:
    """The four headers: SHA-256 of timestamp, key, nonce, timestamp, in lower-case hexadecimal (sources SZ, GZ)."""
    digest = hashlib.sha256(f"{stamp}{KEYS['secret_key']}{NONCE}{stamp}".encode()).hexdigest()
    headers = {"paasid": PAASID, "timestamp": stamp, "nonce": NONCE, "signature": digest} | changes
    return {f"x-tif-{name}": value for name, value in headers.items()}


def told_of_other_gateway(stage: Stage) -> list[str]:
    return [each["message"]["en"] for each in stage.control.findings() if each["rule"] == "gateway.other_gateway"]


def test_headers_of_the_other_gateway_are_verified_and_what_they_leave_open_is_told(guarded, ask):
    status, body = ask(signed_for_other_gateway())
    assert (status, body["infcode"]) == (200, "0")
    (told,) = told_of_other_gateway(guarded)
    assert "is verified" in told
    assert "does not cover the body" in told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"paasid": "AK-2"}, "非法用户!（x-tif-paasid AK-2）"),
        ({"stamp": f"{int(NOW) - 1801}"}, "签名时间戳超时!"),
        ({"nonce": "other"}, "签名不一致!"),
        ({"signature": "0" * 64}, "签名不一致!"),
        ({"signature": ""}, "缺少服务网关的请求头!（x-tif-signature）"),
    ],
)
def test_headers_of_the_other_gateway_that_do_not_verify_are_turned_away(guarded, ask, changes, told):
    status, body = ask(signed_for_other_gateway(**changes))
    assert status == 401
    assert told in body["message"]
    assert KEYS["secret_key"] not in body["message"]
    assert told_of_other_gateway(guarded) == []


@pytest.mark.parametrize("strict", [True, False])
def test_headers_of_the_other_gateway_are_taken_unverified_where_nothing_is_signed(stages, strict):
    stage = stages(strict=strict)
    raw = stage.hospital.envelope("1101", {"data": identity(stage.patient())}, insured="230900")
    assert stage.hospital.post(raw, headers=signed_for_other_gateway(signature="wrong")).ok
    (told,) = told_of_other_gateway(stage)
    assert "not verified by this gateway profile" in told
    assert "x-tif-nonce, x-tif-paasid, x-tif-signature, x-tif-timestamp" in told

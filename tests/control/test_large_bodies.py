"""Garbage of 62 MiB costs a control call neither minutes nor gigabytes, and is judged before the sandbox is held."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from simulator.control.body_limits import BodyLimits, body_limits
from simulator.control.calls import CALLS
from simulator.core.errors import MOST_FAULTS
from tests.support.stage import Stage

ROOT = Path(__file__).parents[2]
WITH_BODY = sorted({(method, rule) for rule, method, _, _ in CALLS if method in ("POST", "PUT")})
GARBAGE = {
    "empty lists": '(b"[" + b"[]," * (SIZE // 3) + b"[]]")',
    "people that are none": 'b\'{"version":"1","area":"230900","people":[\' + b"{}," * (SIZE // 3) + b"{}]}"',
    "unknown keys": 'b"{" + b",".join(b\'"k%d":1\' % n for n in range(SIZE // 12)) + b"}"',
    "YAML in a text": 'b\'{"text":"\' + b"- a\\\\n" * (SIZE // 5) + b\'"}\'',
    "a long text": 'b\'{"url":"\' + b"x" * SIZE + b\'"}\'',
    "no JSON": "b'{' * SIZE",
}
PROCESS = """
import resource, sys
sys.path.insert(0, {root!r})
# Time of the processor and memory are bounded by the system: whatever takes more ends the process.
resource.setrlimit(resource.RLIMIT_CPU, (180, 180))
resource.setrlimit(resource.RLIMIT_DATA, (1_500_000_000, 1_500_000_000))
from simulator.core.settings import Settings
from simulator.server.app import create_app
SIZE = 62 * 1024 * 1024
client = create_app(Settings(store={store!r}, outbox_every_s=0)).test_client()
raw = {garbage}
for method, path in {calls!r}:
    answer = client.open("/_sim/" + path, method=method, data=raw, content_type="application/json")
    assert 400 <= answer.status_code < 500, (path, answer.status_code, answer.text[:500])
    assert len(answer.text) < 100_000, path
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", GARBAGE)
def test_62_mebibytes_of_garbage_are_refused_within_bounds(kind, tmp_path):
    calls = [("POST", "people"), ("POST", "people/import"), ("PUT", "policy/230900"), ("PUT", "catalogue/230900")]
    calls += [("PUT", "agencies/230900"), ("POST", "likely-mistakes"), ("POST", "reconciliation"), ("POST", "tasks")]
    written = dedent(PROCESS).format(root=str(ROOT), store=str(tmp_path / "store"), garbage=GARBAGE[kind], calls=calls)
    done = subprocess.run([sys.executable, "-c", written], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    # The body itself takes 62 MiB, and once more where it is copied.
    assert int(done.stdout.split()[-1]) < 1000


@pytest.mark.parametrize(("method", "rule"), WITH_BODY)
def test_a_body_beyond_the_limit_of_its_call_is_told_with_the_limit(stage, method, rule):
    limits = body_limits().get(rule) or body_limits()["any"]
    path = rule.replace("<area>", "230900").replace("<code>", "H11000000001")
    declared = {"content_type": "application/json", "environ_overrides": {"CONTENT_LENGTH": str(limits.size + 1)}}
    answer = stage.control.client.open(f"/_sim/{path}", method=method, data=b"", **declared)
    assert answer.status_code == 413
    assert str(limits.size) in answer.json["error"]["message"]


def test_values_are_counted_before_the_body_is_parsed():
    with pytest.raises(Exception, match="5000"):
        BodyLimits(size=20_000, values=4_999).refuse_beyond(b"[" + b"0," * 4_999 + b"0]")
    BodyLimits(size=20_000, values=5_000).refuse_beyond(b"[" + b"0," * 4_999 + b"0]")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "people/import", {"version": "1", "area": "230900", "people": [{}] * 1000}),
        ("PUT", "catalogue/230900", {"items": [{}] * 1000}),
        ("PUT", "policy/230900", {f"key{number}": 1 for number in range(1000)}),
        ("POST", "faults", {f"key{number}": 1 for number in range(1000)}),
    ],
)
def test_the_first_hundred_faults_are_told(stage: Stage, method, path, body):
    answer = stage.control.client.open(
        f"{stage.control.prefix}/{path}", method=method, data=json.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 400
    assert len(answer.json["error"]["all"]) == MOST_FAULTS


def test_a_body_is_judged_while_others_use_the_sandbox(stage: Stage, monkeypatch):
    """A city file, a catalogue and people are judged outside of a unit of work."""
    from simulator.control import people, places

    held = []

    def looked(function):
        def call(*arguments, **named):
            held.append(stage.sandbox.store._connection.in_transaction)
            return function(*arguments, **named)

        return call

    monkeypatch.setattr(places, "failing_examples", looked(places.failing_examples))
    monkeypatch.setattr(people, "read_export", looked(people.read_export))
    monkeypatch.setattr(people, "read_person", looked(people.read_person))
    stage.control.person()
    shown = stage.control("GET", "people")["people"]
    exported = {"version": "1", "area": "230900", "people": shown}
    stage.control.client.post(f"{stage.control.prefix}/people/import", json=exported)
    text = (ROOT / "simulator/benefit/policies/230900.yaml").read_text(encoding="utf-8")
    stage.control("PUT", "policy/230900", {"text": text})
    assert held == [False, False, False]

"""Identity data planted at any place of a message, in any form, never comes out where people look."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulator.store.tables import finding, journal
from tests.support.journey import journey
from tests.support.stage import Stage, open_stage

PHONE = "13987654321"
SENT = ("1101", "2201", "2203", "2204", "2207A")
SENTENCE = "inside a sentence"
Path = tuple[str | int, ...]
FORMS: dict[str, Callable[[str], Any]] = {
    "text": lambda secret: secret,
    "number, where it is one": lambda secret: int(secret) if secret.isdigit() else secret,
    "list": lambda secret: [secret, [secret]],
    "object": lambda secret: {"a": {"b": secret}},
    "JSON text": lambda secret: json.dumps({"a": [secret]}),
    SENTENCE: lambda secret: f"本人{secret}，代办",
}


@pytest.fixture(scope="module", params=[True, False], ids=["strict", "lenient"])
def planted(request, shared_app) -> Iterator[tuple[Stage, dict[str, dict[str, Any]], dict[str, str]]]:
    """A sandbox, a good message of each transaction, and what must never be seen of their patient."""
    stage = open_stage(shared_app, f"masked-{request.param}".lower(), strict=request.param)
    journey(stage)
    legs = stage.control("GET", "messages?raw=1")["messages"]
    messages = {leg["infno"]: json.loads(leg["request"]) for leg in legs if leg["infno"] in SENT}
    (patient,) = stage.control("GET", "people")["people"]
    secrets = {name: patient[name] for name in ("certno", "psn_name", "card_no", "credential_token")}
    yield stage, messages, secrets | {"tel": PHONE}
    stage.close()


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place of a message that holds a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*path, key)
        yield from places(item, (*path, key))


def with_secret(message: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(message)
    inner: Any = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def leaks(shown: Any, secrets: dict[str, str]) -> dict[str, str]:
    """The secrets that are seen, with what stands around the first of each."""
    written = json.dumps(shown, ensure_ascii=False, default=str)
    return {
        name: written[max(0, at - 80) : at + 80]
        for name, secret in secrets.items()
        if (at := written.find(secret)) >= 0
    }


@pytest.mark.parametrize("infno", SENT)
@pytest.mark.parametrize("form", FORMS)
def test_no_secret_at_any_place_comes_out_of_journal_and_findings(planted, infno, form):
    stage, messages, secrets = planted
    good = messages[infno]
    # A name inside a sentence is known by the person of the message alone, whom these messages may no longer name.
    names = sorted(secrets.keys() - {"psn_name"} if form == SENTENCE else secrets)
    with stage.sandbox.begin() as (work, _, _clock):
        last, last_finding = work.last_id(journal), work.last_id(finding)
    for index, path in enumerate([*places(good), ("unheard_of",), ("input", "unheard_of")]):
        name = names[index % len(names)]
        written = json.dumps(with_secret(good, path, FORMS[form](secrets[name])), ensure_ascii=index % 2 == 0)
        stage.hospital.post(written.encode())
    assert leaks(stage.control("GET", f"messages?raw=1&after={last}"), secrets).keys() >= set(names)
    legs = stage.control("GET", f"messages?after={last}")["messages"]
    assert [leaked for leg in legs if (leaked := leaks(leg, secrets))] == []
    findings = stage.control("GET", f"findings?after={last_finding}")["findings"]
    assert findings
    assert [leaked for each in findings if (leaked := leaks(each, secrets))] == []

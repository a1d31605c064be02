"""The built wheel rehearses in an empty environment and folder, as a user has it; then its messages are checked.

The contract check finds in them what the scenarios say is wrong, and nothing else. The same messages with one change
each are put before the check and before a second opinion that is made from the rows of the editions alone
(tests/support/oracle.py, tests/support/arithmetic.py); they must agree on every one.
"""

import json
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from simulator.contract.checking import Checking
from tests.support.arithmetic import Conversation
from tests.support.changes import CHANGES, MUTATIONS, SEED
from tests.support.mutations import ALWAYS, NEVER, mutate, places
from tests.support.rehearsed import checked, contract_for, conversations, declared, entries, fork, opinion, steps

pytestmark = pytest.mark.begins_first
ROOT = Path(__file__).parents[1]

ONWARD = 0.02
"""How many of the changed messages are followed to the end of their conversation."""
BINDING = {
    *("identity_total", "identity_funds", "identity_scope", "identity_person", "identity_detail", "identity_line"),
    *("identity_line_scope", "identity_batch", "identity_repeated", "identity_cancelled", "msgid_twice"),
}
"""What no schema can say and many messages could break; changes must have broken each of it."""


def test_the_wheel_holds_every_module_and_every_data_file(wheel):
    """A folder that is missing from pyproject would only be missed by those who install."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if not name.endswith("/")}
    tracked = subprocess.run(
        ["git", "ls-files", "simulator", "scenarios", "loadtests"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    wanted = {
        name if name.startswith("simulator/") else f"simulator/{name}"
        for name in tracked
        if not name.startswith(".") and "/." not in name
    }
    assert sorted(wanted - packed) == []


def test_the_wheel_rehearses_in_an_empty_folder(rehearsed):
    """Installed with the locked versions into an empty environment; every scenario, every use, all green."""
    done = rehearsed.done
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert json.loads((rehearsed.folder / "rehearsal" / "results.json").read_text())["exit_code"] == 0
    written = sorted(path.name for path in (rehearsed.folder / "rehearsal").iterdir())
    assert written == ["junit.xml", "mistakes.json", "report.html", "results.json", "run.json"]


@pytest.fixture(scope="module")
def reported(rehearsed):
    """What `nhsa-sim contract check` says of the recording, whose lines name edition and strictness."""
    command = [sys.executable, "-m", "simulator", "contract", "check", str(rehearsed.messages), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)


def test_recording_holds_every_message_that_the_report_shows(rehearsed):
    """All three uses, both legs, each with the step it belongs to."""
    said = entries(rehearsed.messages)
    assert {each["use"] for each in said} == {"self", "insured", "treatment"}
    assert {each["leg"] for each in said} == {"hospital", "agency"}
    assert len({each["scenario"] for each in said}) >= 60
    hospital = [each for each in said if each["leg"] == "hospital"]
    assert sum(bool(each["step"]) for each in hospital) > 0.95 * len(hospital)


def test_check_finds_exactly_what_the_scenarios_declare(rehearsed, reported):
    wanted = {(line, *each) for line, entry in enumerate(entries(rehearsed.messages), 1) for each in declared(entry)}
    errors = [each for each in reported["faults"] if each["severity"] == "error"]
    found = {(each["line"], each["rule"], each["field"]) for each in errors}
    assert sorted(found ^ wanted) == []
    assert len({(rule, field) for _, rule, field in found}) >= 10


def test_check_warns_of_exactly_the_habits_that_the_lenient_scenario_names(rehearsed, reported):
    said = entries(rehearsed.messages)
    wanted = defaultdict(set)
    for each in reported["faults"]:
        if each["severity"] == "warning":
            wanted[said[each["line"] - 1]["scenario"]].add(f"contract.{each['rule']}")
    assert dict(wanted) == {"contract/lenient-habits": habits_named()}


def habits_named():
    step = next(each for (name, _), each in steps().items() if name.endswith("habits") and each.verb == "control")
    return {each["rule"] for each in step.said["expect"]["findings"]["contains"]}


def test_masked_recording_is_found_wrong_in_the_same_places(rehearsed, reported, tmp_path):
    """What a city hands to its vendor tells as much about the interface as what it keeps."""
    from simulator.core.masking import mask_text

    hidden = tmp_path / "masked.jsonl"
    with hidden.open("w", encoding="utf-8") as file:
        for each in entries(rehearsed.messages):
            masked = {name: mask_text(each[name]) for name in ("request", "answer")}
            file.write(json.dumps(each | masked, ensure_ascii=False) + "\n")
    command = [sys.executable, "-m", "simulator", "contract", "check", str(hidden), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    places_of = [
        # Where bytes stop being JSON depends on what stands in them.
        sorted((each["line"], each["rule"], each["rule"] != "not_json" and each["pointer"]) for each in told["faults"])
        for told in (reported, json.loads(done.stdout))
    ]
    assert places_of[0] == places_of[1]


def test_every_change_that_is_a_breach_is_found_and_no_other(rehearsed):
    random, tally, wrong = Random(SEED), Counter(), []
    talks = conversations(rehearsed.messages)
    share = MUTATIONS * 1.02 / sum(map(len, talks))
    for said in talks:
        wrong += _changed(random, said, share, tally)
    total = sum(count for (_, is_breach), count in tally.items() if is_breach is not None)
    breaches = sum(count for (_, is_breach), count in tally.items() if is_breach)
    told = f"{CHANGES}; {total} messages changed, {breaches} of them to a breach"
    assert wrong[:10] == [], told
    assert total >= MUTATIONS, told
    assert {kind for kind in ALWAYS if not tally[kind, True] or tally[kind, False]} == set(), told
    assert {kind for kind in NEVER if not tally[kind, False] or tally[kind, True]} == set(), told
    assert BINDING - {rule for rule, _ in tally} == set(), told


def _changed(random, said, share, tally):
    """Changes every message of one conversation a few times, in the course of what came before it."""
    checking, talk, wrong = Checking(contract_for, strict=True), Conversation(), []
    for position, each in enumerate(said):
        known, paths = opinion(talk.fork(), each), places(each)
        left = int(share + random.random())
        while left:
            change = mutate(random, each, paths)
            if change is None:
                continue
            left -= 1
            after = said[position + 1 :] if random.random() < ONWARD else []
            ours, theirs = _both(fork(checking), talk.fork(), each, change, after)
            tally[change.kind if _stands_alone(change, known, theirs[0]) else "", theirs[0] != known] += 1
            tally.update((rule, None) for rule, _ in theirs[0] if rule in BINDING)
            if ours != theirs:
                wrong.append(f"{change}: {ours}, by the rows {theirs}")
        opinion(talk, each)
        if checked(checking, each) != known:
            wrong.append(f"unchanged {each.leg.where}")
    return wrong


def _both(checking, talk, original, change, after):
    """What the check and the second opinion find in a changed message, and in those after it that are followed."""
    ours, theirs = [checked(checking, change.said)], [opinion(talk, change.said)]
    for later in after:
        each = replace(later, asked=change.said) if later.asked is original else later
        ours.append(checked(checking, each))
        theirs.append(opinion(talk, each))
    return ours, theirs


def _stands_alone(change, known, found):
    """Whether the kind of a change must show: nothing was wrong before, and no number that binds messages changed."""
    binding = ("/infno", "/msgid", "/infcode")
    place = "/" + "/".join(map(str, change.path))
    return not known and place not in binding and not any(rule == "msgid_twice" for rule, _ in found)

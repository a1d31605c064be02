"""Checks of an agency's answer that need no policy: identities of amounts, repeated fields, person, rows of tables.

An answer that breaks the contract, an identity or the person is not passed on to the hospital.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulator.agencies.judging.likely_cause import NO_CAUSE, Cause, cause_of, with_cause
from simulator.agencies.judging.mistakes.form import shifted_time
from simulator.contract.amounts import fen_of
from simulator.contract.identities import cancellation_faults, settlement_faults
from simulator.core.clock import from_wire
from simulator.core.findings import ERROR, WARNING, Finding, from_faults
from simulator.core.texts import Text, text
from simulator.domain.transaction_table import Family, traits_of

GRACE_S = 86400
"""Seconds by which the clocks of platform and agency may differ."""
NEAR_S = 3600
"""Seconds within which a time in another zone is recognised."""


def judge_identities(infno: str, output: Mapping[str, Any]) -> list[Finding]:
    """Judges the identities between the amounts of an answer, such as the total and its parts."""
    traits = traits_of(infno)
    if not traits.awarded and traits.family != Family.CANCELLATION:
        return []
    return from_faults(settlement_faults(infno, output), strict=True)


def judge_repeated(infno: str, sent: Mapping[str, Any], output: Mapping[str, Any]) -> list[Finding]:
    """Judges the fields that an answer must repeat from the request.

    They are visit, insurance, care type and total of a settlement; visit and setl_id of a cancellation.
    """
    data, info = sent.get("data"), output.get("setlinfo")
    traits = traits_of(infno)
    is_cancellation = traits.family == Family.CANCELLATION
    if not (traits.awarded or is_cancellation) or not isinstance(data, Mapping) or not isinstance(info, Mapping):
        return []
    found = []
    for name in ("mdtrt_id", "setl_id") if is_cancellation else ("mdtrt_id", "insutype", "med_type"):
        wanted, got = str(data.get(name) or ""), str(info.get(name) or "")
        # insutype and med_type may be left out of an answer; the contract says which fields may not.
        if got != wanted and (got or name in ("mdtrt_id", "setl_id")):
            found.append(_not_repeated(name, wanted, got))
    total = fen_of(data.get("medfee_sumamt"))
    if not is_cancellation and total is not None and fen_of(info.get("medfee_sumamt")) != total:
        found.append(_not_repeated("medfee_sumamt", str(data["medfee_sumamt"]), str(info.get("medfee_sumamt"))))
    return found


def judge_own_msgid(info: Mapping[str, Any], msgid: str) -> list[Finding]:
    """Judges medins_setl_id, which holds the msgid that the agency received."""
    got = str(info.get("medins_setl_id") or "")
    if got in ("", msgid):
        return []
    sentence = text("judge.not_repeated", field="medins_setl_id", wanted=msgid, got=got)
    return [Finding("numbers.medins_setl_id", ERROR, sentence, "/output/setlinfo/medins_setl_id", msgid, got)]


def judge_person(output: Mapping[str, Any], person: Mapping[str, str]) -> list[Finding]:
    """Judges that each psn_no, name and certno in the answer is that of the person asked about, where known."""
    found: list[Finding] = []
    for node in output.values():
        for each in node if isinstance(node, list) else [node]:
            if not isinstance(each, Mapping):
                continue
            for name, wanted in person.items():
                got = each.get(name)
                if wanted and isinstance(got, str) and got and got != wanted:
                    sentence = text("judge.other_person", field=name, got=got, wanted=wanted)
                    found.append(Finding(f"person.{name}", ERROR, sentence, f"/output/{name}", wanted, got))
    return list(dict.fromkeys(found))


def judge_cancellation(infno: str, original: Mapping[str, Any], output: Mapping[str, Any]) -> list[Finding]:
    """Judges that each amount of a cancellation, details included, is the settlement's negated (rules 19)."""
    before = {"setlinfo": original}
    return from_faults(cancellation_faults(infno, before, output), strict=True)


def judge_time(info: Mapping[str, Any], *, began: str, now: datetime, own_clock: bool) -> list[Finding]:
    """Judges that setl_time is not before the visit (`began`) and within a day of the trade clock (`now`).

    With `own_clock` a distance from the trade clock is a warning only.
    """
    try:
        settled = from_wire(str(info.get("setl_time")))
    except ValueError:
        return []
    path, got = "/output/setlinfo/setl_time", str(info["setl_time"])
    shown = now.isoformat(sep=" ", timespec="seconds")
    cause = _cause_of_time(got, began=began, now=now)
    if abs((settled - now).total_seconds()) > GRACE_S:
        severity = WARNING if own_clock else ERROR
        sentence = with_cause(text("judge.settled_far_from_now", got=got, now=shown), cause)
        return [Finding("time.setl_time", severity, sentence, path, shown, got, cause.mistakes)]
    if began and settled < from_wire(began):
        sentence = with_cause(text("judge.settled_before_visit", got=got, began=began), cause)
        return [Finding("time.setl_time", ERROR, sentence, path, began, got, cause.mistakes)]
    return []


def _cause_of_time(written: str, *, began: str, now: datetime) -> Cause:
    """Likely cause of a time that cannot be meant: the only one of the zones that brings it near to our clock."""
    found = []
    for name in ("time_in_utc", "time_ahead"):
        meant = shifted_time(written, name)
        if meant is None or abs((meant - now).total_seconds()) > NEAR_S or (began and meant < from_wire(began)):
            continue
        found.append(name)
    return cause_of([(found[0], {})]) if len(found) == 1 else NO_CAUSE


def judge_rows(
    rule: str, path: str, wanted: Mapping[str, str], got: Mapping[str, str], cause: Cause = NO_CAUSE
) -> list[Finding]:
    """Compares two tables by key, in the order of `wanted`; the first different row is an error, later ones warnings.

    Later rows often derive from the first, so they are not counted as errors of their own. A blank value is an end that
    is open.
    """
    differing = [
        (key, wanted.get(key), got.get(key))
        for key in dict.fromkeys((*wanted, *got))
        if wanted.get(key) != got.get(key)
    ]
    found = []
    for index, (key, ours, theirs) in enumerate(differing):
        sentence = text("judge.row_differs", key=key, wanted=_shown(ours), got=_shown(theirs))
        if index == 0:
            sentence = with_cause(sentence, cause)
        severity, mistakes = (ERROR, cause.mistakes) if index == 0 else (WARNING, ())
        found.append(
            Finding(rule, severity, sentence, path, f"{key}={_written(ours)}", f"{key}={_written(theirs)}", mistakes)
        )
    return found


def _shown(value: str | None) -> Text | str:
    """A value of a row; an absent row and an open end are told apart in words."""
    if value is None:
        return text("judge.no_row")
    return value or text("judge.open_end")


def _written(value: str | None) -> str:
    return "-" if value is None else value


def _not_repeated(name: str, wanted: str, got: str) -> Finding:
    sentence = text("judge.not_repeated", field=name, wanted=wanted or "-", got=got or "-")
    return Finding(f"identity.{name}", ERROR, sentence, f"/output/setlinfo/{name}", wanted, got)

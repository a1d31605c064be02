"""`python -m tests.second_agency.measure`: which defects a rehearsal catches and names, as JSON and one line of sums.

Right: the first finding holds what the defect is (column `named` of defects.csv). Wrong: it tells another cause, or
blames a message of the hospital. Vague: it points at what differs and tells no cause.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from tests.second_agency.defects import CAUGHT, DEFECTS, MISSES, Defect
from tests.second_agency.rehearsals import Failure, Played, Rehearsals, rehearsals

_RULE = re.compile(r"([a-z_]+(?:\.[a-z_0-9]+)*): ")
_LEFT_OUT = re.compile(r" By \S+: .*?(?= Likely cause:|$)| \(told before\)$")
_CAUSE = "Likely cause:"
_OF_THE_HOSPITAL = ("psn_type_differs",)
"""Rules that blame the message of the hospital."""


@dataclass(frozen=True)
class Verdict:
    name: str
    family: str
    wrong: str
    caught: bool
    named: str
    """right, vague, wrong, or empty when it was not caught."""
    scenario: str = ""
    rule: str = ""
    told: str = ""
    because: str = ""
    """Why it was not caught."""


def judge(defect: Defect, played: Played) -> Verdict:
    """What a rehearsal said of an agency with this one defect."""
    if not played.failures:
        miss = MISSES.get(defect.name)
        because = f"{miss.kind}: {miss.because}" if miss else ""
        return Verdict(defect.name, defect.family, defect.wrong, caught=False, named="", because=because)
    failure = played.failures[0]
    rule, told = _first_finding(failure)
    return Verdict(
        name=defect.name,
        family=defect.family,
        wrong=defect.wrong,
        caught=True,
        named=_naming(defect, rule, told),
        scenario=failure.scenario.replace(".", "/", 1),
        rule=rule,
        told=told,
    )


def _first_finding(failure: Failure) -> tuple[str, str]:
    """Its rule and its sentence without the arithmetic; findings that only follow from others are left out."""
    for cause in failure.causes:
        if "(follows from" not in cause:
            begins = _RULE.match(cause)
            rule = begins.group(1) if begins else failure.paths[0].partition(" ")[0]
            return rule, _LEFT_OUT.sub("", cause)
    return failure.paths[0].partition(" ")[0], failure.step


def _naming(defect: Defect, rule: str, told: str) -> str:
    if re.search(defect.named, told if told.startswith(rule) else f"{rule}: {told}", re.IGNORECASE):
        return "right"
    return "wrong" if _CAUSE in told or rule in _OF_THE_HOSPITAL else "vague"


def measure(played: Rehearsals, names: Iterable[str]) -> Iterator[Verdict]:
    for name in names:
        defect = DEFECTS[name]
        chosen = [defect.shown_by] if defect.shown_by else []
        yield judge(defect, played.play(*chosen, defects=frozenset([name])))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.second_agency.measure", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="DEFECT", help="only these")
    parser.add_argument("--misses", action="store_true", help="play all scenarios for each that is listed as a miss")
    asked = parser.parse_args()
    names = asked.names or [*CAUGHT, *(MISSES if asked.misses else ())]
    with rehearsals() as played:
        verdicts = list(measure(played, names))
    if not asked.names and not asked.misses:
        verdicts += [judge(DEFECTS[name], Played(0, "", ())) for name in MISSES]
    json.dump([asdict(each) for each in verdicts], sys.stdout, ensure_ascii=False, indent=1)
    named = Counter(each.named for each in verdicts if each.caught)
    caught = sum(named.values())
    sums = f"{len(verdicts)} defects, {caught} caught: {named['right']} named rightly, {named['vague']} vaguely, "
    sys.stdout.write(f"\n{sums}{named['wrong']} wrongly\n")


if __name__ == "__main__":
    main()

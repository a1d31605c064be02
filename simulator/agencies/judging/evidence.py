"""Evidence of a run: each judged answer with the question it was judged by, kept small and looked at only when needed.

A right answer costs one row. When an answer is wrong, the rows of the same agency say which of the mistakes that would
explain it would also have changed an answer that was right.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from simulator.agencies.judging.mistakes.catalogue import catalogue
from simulator.agencies.judging.mistakes.question import AnsweredAmounts, Question
from simulator.agencies.judging.mistakes.surroundings import (
    LIVE,
    HeldFiling,
    HeldInsurance,
    Past,
    Surroundings,
    past_from_json,
)
from simulator.benefit import Accumulated, Award, Claim, PolicyBook
from simulator.core.json_codec import read_own, write_json
from simulator.domain.places import FilingCoverage
from simulator.domain.transaction_table import Family, traits_of
from simulator.store.rows import JudgedAnswerRow
from simulator.store.statements import Statement
from simulator.store.tables import judged_answer
from simulator.store.unit_of_work import UnitOfWork

AWARD = "award"
_LATEST = Statement(
    select(judged_answer)
    .where(judged_answer.c.area == bindparam("area"))
    .order_by(judged_answer.c.id.desc())
    .limit(bindparam("count")),
    JudgedAnswerRow,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """Answer of an agency with its question; `right` where it is as the rules have it."""

    question: Question
    answered: AnsweredAmounts
    right: bool
    msgid: str
    infno: str
    psn_no: str
    adds: tuple[Past, ...] = ()
    """Movements of a preview, had it been booked."""
    at: int = 0
    """Position in the run, where it is one of many."""
    adopts: bool = False
    """True where the replica took over the city's balances after it."""


def remember(
    work: UnitOfWork, *, area: str, psn_no: str, infno: str, msgid: str, question: Question, given: Award,
    answered: AnsweredAmounts, right: bool, mistakes: Iterable[str] = (), adopts: bool = False,
) -> None:  # fmt: skip
    """Keeps a judged award as one row."""
    packed = {
        "claim": question.claim,
        "area": question.city.area,
        "digest": question.city.digest,
        "day": question.rules.day,
        "accumulated": _listed(question.accumulated),
        "around": _packed(question.surroundings),
        "adds": [_listed(given.movements), given.account, given.year],
    }
    told = {
        "amounts": answered.amounts,
        "ratio": str(answered.ratio),
        "balance": answered.balance,
        # From here on the replica starts from the city's balances.
        "adopts": adopts,
    }
    work.add(
        judged_answer,
        kind=AWARD,
        area=area,
        psn_no=psn_no,
        infno=infno,
        msgid=msgid,
        agrees=int(right),
        question=write_json(packed).decode(),
        answered=write_json(told).decode(),
        mistakes=" ".join(mistakes),
    )


def remembered(work: UnitOfWork, area: str) -> list[dict[str, Any]]:
    """The last judged answers of an area, the oldest first, as they are exported."""
    rows = work.all(_LATEST, area=area, count=catalogue().limits.most_remembered)
    return [exported(row) for row in reversed(rows)]


def exported(row: JudgedAnswerRow) -> dict[str, Any]:
    """A row as plain JSON, which `judged_answers` reads again."""
    names = ("kind", "area", "psn_no", "infno", "msgid")
    written = {name: getattr(row, name) for name in names}
    return written | {"agrees": bool(row.agrees), "question": row.question, "answered": row.answered}


def judged_answers(
    rows: Iterable[Mapping[str, Any]], policies: PolicyBook, coverage: FilingCoverage | None
) -> list[Judged]:
    """Judged awards with their questions; those under other city files than these are left out.

    Rows stand in the order of the answers: a preview is part of what came before for the next answer of its person.
    """
    found: list[Judged] = []
    for row in rows:
        judged = _judged(row, policies, coverage)
        if judged is None:
            continue
        found.append(replace(judged, question=following(judged.question, found, judged.psn_no)))
    return found


def following(question: Question, earlier: Iterable[Judged], psn_no: str) -> Question:
    """A question whose surroundings hold what the earlier answers to the person left: previews, adopted balances."""
    return replace(question, surroundings=surroundings_after(question.surroundings, earlier, psn_no))


def surroundings_after(around: Surroundings, earlier: Iterable[Judged], psn_no: str) -> Surroundings:
    """Surroundings with the previews that the person was answered, and the settlement since which balances differ."""
    previews: list[Past] = []
    adopted = ""
    for each in earlier:
        if each.psn_no != psn_no:
            continue
        if each.adopts:
            previews, adopted = [], each.msgid
        previews += each.adds
    return replace(around, history=(*around.history, *previews), adopted=adopted)


def _judged(row: Mapping[str, Any], policies: PolicyBook, coverage: FilingCoverage | None) -> Judged | None:
    packed = read_own(row["question"])
    city = policies.city(packed["area"])
    if city.digest != packed["digest"]:
        return None
    claim = msgspec.convert(packed["claim"], Claim)
    told = json.loads(row["answered"])
    question = Question(
        claim,
        city,
        city.rules_on(date.fromisoformat(packed["day"])),
        _mapped(packed["accumulated"]),
        _unpacked(packed["around"]),
        coverage=coverage,
    )
    movements, account, year = packed["adds"]
    previewed = traits_of(row["infno"]).family == Family.PRE_SETTLEMENT
    adds = Past(
        msgid=row["msgid"],
        kind="preview",
        state=LIVE,
        insutype=claim.insutype,
        year=year,
        treated_area=question.surroundings.treated_area,
        setl_time="",
        in_scope=0,
        account=account,
        movements=_mapped(movements),
    )
    return Judged(
        question,
        AnsweredAmounts(told["amounts"], Decimal(told["ratio"]), told["balance"]),
        bool(row["agrees"]),
        row["msgid"],
        row["infno"],
        row["psn_no"],
        (adds,) if previewed else (),
        row.get("at", 0),
        told["adopts"],
    )


def _packed(around: Surroundings) -> dict[str, Any]:
    return {
        "filings": around.filings,
        "insurances": around.insurances,
        "balances": [[insutype, year, _listed(each)] for (insutype, year), each in around.balances.items()],
        "history": [each.as_json() for each in around.history if each.kind != "preview"],
        "treated_area": around.treated_area,
    }


def _unpacked(written: Mapping[str, Any]) -> Surroundings:
    return Surroundings(
        filings=msgspec.convert(written["filings"], tuple[HeldFiling, ...]),
        insurances=msgspec.convert(written["insurances"], tuple[HeldInsurance, ...]),
        balances={(insutype, year): _mapped(each) for insutype, year, each in written["balances"]},
        history=tuple(past_from_json(each) for each in written["history"]),
        treated_area=written["treated_area"],
    )


def _listed(accumulated: Accumulated) -> list[list[str | int]]:
    return [[kind, under, fen] for (kind, under), fen in accumulated.items() if fen]


def _mapped(listed: Iterable[Any]) -> dict[tuple[str, str], int]:
    return {(kind, under): fen for kind, under, fen in listed}

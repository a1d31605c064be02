"""Judged answers of a sandbox, and the likely mistakes of the cities over the answers of many sandboxes."""

from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from simulator.agencies.judging.evidence import exported
from simulator.agencies.judging.run_diagnosis import as_json, diagnose_run
from simulator.control.calls import ControlRequest, call, limit_of, number_of
from simulator.core.errors import DataFault, DataFaults
from simulator.core.texts import text
from simulator.store.rows import JudgedAnswerRow
from simulator.store.statements import Statement
from simulator.store.tables import judged_answer

_JUDGED = Statement(
    select(judged_answer)
    .where(judged_answer.c.id > bindparam("after"))
    .order_by(judged_answer.c.id)
    .limit(bindparam("count")),
    JudgedAnswerRow,
)


@call("GET", "judged-answers")
def judged_answers(request: ControlRequest) -> Any:
    """Awards of registered agencies with the questions that they were judged by, in order; `after` is the last seen."""
    query = request.query_values("after", "limit")
    with request.sandbox.begin() as (work, _, _clock):
        rows = work.all(_JUDGED, after=number_of(query["after"]), count=limit_of(query["limit"], 1000))
    return {"answers": [{"id": row.id, "sandbox": request.sandbox.name, **exported(row)} for row in rows]}


@call("POST", "likely-mistakes")
def likely_mistakes(request: ControlRequest) -> Any:
    """The mistakes that explain the wrong ones of these answers, by the city files of this sandbox."""
    answers = request.validated_body("likely_mistakes")["answers"]
    config = request.sandbox.current_config()
    try:
        found = diagnose_run(answers, config.policies, config.coverage)
    except (LookupError, TypeError, ValueError, AttributeError, msgspec.MsgspecError) as error:
        # The question of an answer is JSON of our own; whoever changed it is told so.
        raise DataFaults([DataFault(text("control.not_judged_answers", problem=error), "answers")]) from None
    return as_json(found)

"""The table of coverage as text, as JSON, and as the Markdown that the README holds."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from simulator.contract.lookup import columns
from simulator.core.texts import Text, join, text
from simulator.coverage.table import ALL, EXAMPLE, GAPS, SCENARIO, TABLES, CoverageRow, CoverageTable

_SHOWN_SCENARIOS = 2


def as_text(found: CoverageTable, which: str = ALL) -> str:
    """A line a transaction, then what is missing."""
    rows = [_heading(found), *(_cells(found, row) for row in found.only(which))]
    return "\n".join([str(_legend()), "", *columns(iter(rows)), "", *map(str, sentences(found))]) + "\n"


def as_json(found: CoverageTable, which: str = ALL) -> str:
    """JSON of the coverage of the chosen transactions, scenarios by name."""
    shown = {
        "editions": list(found.editions),
        "transactions": [_row_json(row) for row in found.only(which)],
        "missing": {kind: list(found.gaps(kind)) for kind in GAPS},
    }
    return json.dumps(shown, ensure_ascii=False, indent=1) + "\n"


def as_markdown(found: CoverageTable, which: str = TABLES) -> str:
    """A table for a README: the transactions of which some edition has the fields, unless `which` says otherwise."""
    rows = found.only(which)
    heading = _heading(found)
    lines = [str(_legend()), "", _line(heading), _line(["---"] * len(heading))]
    lines += [_line(_cells(found, row)) for row in rows]
    left = len(found.rows) - len(rows)
    lines += ["", str(text("coverage.counts", counts=_counts(found), left=left))]
    return "\n".join(lines) + "\n"


FORMS: dict[str, Callable[..., str]] = {"text": as_text, "json": as_json, "markdown": as_markdown}


def sentences(found: CoverageTable) -> Iterator[Text]:
    """Sentences that sum up the coverage and name the gaps."""
    yield text("coverage.counts", counts=_counts(found), left=len(found.rows) - len(found.only(TABLES)))
    for kind in (SCENARIO, EXAMPLE):
        missing = found.gaps(kind)
        if missing:
            yield text(f"coverage.missing_{kind}", count=len(missing), infnos=", ".join(missing))


def _counts(found: CoverageTable) -> Text:
    parts = []
    for edition in found.editions:
        cells = [row.cells[edition] for row in found.rows]
        parts.append(
            text(
                "coverage.edition_counts",
                edition=edition,
                contract=sum(cell.contract == "tables" for cell in cells),
                example=sum(cell.example for cell in cells),
                handler=sum(cell.handler for cell in cells),
                scenario=sum(bool(cell.scenarios) for cell in cells),
            )
        )
    return join(parts, zh="；", en="; ")


def _legend() -> Text:
    return text("coverage.legend")


def _heading(found: CoverageTable) -> list[str]:
    names = [str(text(f"coverage.column_{name}")) for name in ("infno", "name", "depth", "scenarios")]
    return [*names[:2], *found.editions, *names[2:]]


def _cells(found: CoverageTable, row: CoverageRow) -> list[str]:
    shown = ", ".join(row.scenarios[:_SHOWN_SCENARIOS])
    more = len(row.scenarios) - _SHOWN_SCENARIOS
    scenarios = str(text("coverage.more", shown=shown, more=more)) if more > 0 else shown
    if row.lacks_scenario:
        scenarios = str(text("coverage.none_yet"))
    cells = [str(row.cells[name].letters) for name in found.editions]
    return [row.infno, str(row.name), *cells, str(text(f"coverage.depth_{row.depth or 'none'}")), scenarios]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _row_json(row: CoverageRow) -> dict[str, Any]:
    return {
        "infno": row.infno,
        "name_zh": row.name.zh,
        "name_en": row.name.en,
        "handler": row.handler,
        "depth": row.depth,
        "scenarios": list(row.scenarios),
        "editions": {name: cell.as_json() for name, cell in row.cells.items()},
    }

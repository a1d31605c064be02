"""Reports of an upgrade proof: lines, a CSV row for each difference, JSON, and one page."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from simulator import __version__
from simulator.core.errors import SetupError
from simulator.core.texts import Text, language, text
from simulator.upgrade.comparison import UpgradeComparison
from simulator.upgrade.differences import UpgradeDifference, without_indexes

HTML, CSV, JSON = "upgrade.html", "upgrade.csv", "upgrade.json"
_MOST_PLACES = 4
_MOST_LINES = 40
_COLUMNS = (
    *("explained", "weight", "kind", "infno", "path", "name_zh", "old", "new", "row", "level", "reason"),
    *("scenario", "use", "step"),
)


@dataclass(frozen=True, slots=True)
class DifferenceGroup:
    """The same difference at one or more places."""

    first: UpgradeDifference
    count: int
    places: Sequence[str]

    @property
    def more(self) -> int:
        """Places that are not named."""
        return self.count - len(self.places)


def groups(differences: Sequence[UpgradeDifference]) -> list[DifferenceGroup]:
    """Differences of the same kind at the same field, for the same reason, in the order in which they were found."""
    found: dict[tuple[str, ...], list[UpgradeDifference]] = {}
    for each in differences:
        key = (each.row, each.kind, each.infno, without_indexes(each.path), each.weight)
        found.setdefault(key, []).append(each)
    return [
        DifferenceGroup(same[0], len(same), [f"{one.scenario} {one.step}".strip() for one in same[:_MOST_PLACES]])
        for same in found.values()
    ]


def verdict(comparison: UpgradeComparison) -> Text:
    """The result in one sentence."""
    if comparison.broken is not None:
        return text("upgrade.verdict_broken", why=comparison.broken)
    counts = {"count": len(comparison.unexplained), "explained": comparison.explained, "messages": comparison.messages}
    return text("upgrade.verdict_bad" if comparison.unexplained else "upgrade.verdict_good", **counts)


def lines(comparison: UpgradeComparison) -> Iterator[Text]:
    """The verdict, then each unexplained difference with its places."""
    yield verdict(comparison)
    told = groups(comparison.unexplained)
    for group in told[:_MOST_LINES]:
        each = group.first
        yield text(
            "upgrade.line",
            weight=text(f"upgrade.weight_{each.weight}"),
            kind=text(f"upgrade.kind_{each.kind}"),
            infno=each.infno,
            field=f"{each.name_zh} {each.path}".strip(),
            old=each.old,
            new=each.new,
            count=group.count,
            places=", ".join(group.places),
        )
    if len(told) > _MOST_LINES:
        yield text("upgrade.more_in_report", count=len(told) - _MOST_LINES)


def write_reports(comparison: UpgradeComparison, folder: Path) -> None:
    """Writes the page, the CSV and the JSON into a folder; raises SetupError where it cannot."""
    written = {HTML: as_html(comparison), CSV: as_csv(comparison), JSON: as_json(comparison)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, said in written.items():
            (folder / name).write_text(said, encoding="utf-8-sig" if name == CSV else "utf-8")
    except OSError as error:
        raise SetupError(text("harness.cannot_write", path=folder, problem=error.strerror or "")) from None


def as_csv(comparison: UpgradeComparison) -> str:
    """A row for each difference, unexplained first; no cell can begin a formula of a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([str(text(f"upgrade.column_{name}")) for name in _COLUMNS])
    for each in comparison.differences:
        row = [getattr(each, name) for name in _COLUMNS]
        row[0] = text("upgrade.explained_yes" if each.explained else "upgrade.explained_no")
        row[1], row[2] = text(f"upgrade.weight_{each.weight}"), text(f"upgrade.kind_{each.kind}")
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> str:
    written = "" if value is None else str(value)
    return f"'{written}" if written.startswith(("=", "+", "-", "@", "\t", "\r")) and written != "-1" else written


def as_json(comparison: UpgradeComparison) -> str:
    """Whole comparison for a program, texts in both languages."""
    editions = comparison.editions
    whole: dict[str, Any] = {
        "product": __version__,
        "started": comparison.old.ended.info.started,
        "seed": comparison.old.ended.info.seed,
        "old": {"url": comparison.old.url, "edition": editions.old.name, "digest": editions.old.digest},
        "new": {"url": comparison.new.url, "edition": editions.new.name, "digest": editions.new.digest},
        "verdict": verdict(comparison).as_json(),
        "exit_code": comparison.exit_code,
        "messages": comparison.messages,
        "scenarios": list(comparison.scenarios),
        "differences": [_as_json(each) for each in comparison.differences],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _as_json(each: UpgradeDifference) -> dict[str, Any]:
    told = {name: getattr(each, name) for name in _COLUMNS if name not in ("old", "new", "reason")}
    told |= {name: getattr(each, name).as_json() for name in ("old", "new")}
    return told | {"reason": each.reason.as_json() if each.reason is not None else None}


def as_html(comparison: UpgradeComparison) -> str:
    """Self-contained page in the language in force: no script, no font, no external picture."""
    loader = jinja2.PackageLoader("simulator.upgrade", ".")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    explained = [each for each in comparison.differences if each.explained]
    return environment.get_template("page.html").render(
        language="en" if language() == "en" else "zh-CN",
        comparison=comparison,
        verdict=verdict(comparison),
        tone={0: "good", 1: "bad"}.get(comparison.exit_code, "broken"),
        tables=[("unexplained", groups(comparison.unexplained)), ("explained", groups(explained))],
        words=lambda name, **values: text(f"upgrade.{name}", **values),
        level=lambda name: text(f"contract.diff_level_{name}"),
        version=__version__,
    )

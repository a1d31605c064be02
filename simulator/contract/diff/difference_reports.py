"""A difference as text, as JSON, and as one page that an engineer prints for a review."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jinja2

from simulator.contract.diff.changes import BREAKING, LEVELS, SAFE, Change
from simulator.contract.diff.compare import EditionDifference
from simulator.contract.edition_rows import ENVELOPE
from simulator.core.texts import Text, language, plain, text

_TRANSACTIONS = "transactions"


def as_text(difference: EditionDifference) -> str:
    """A heading that counts, then two to four lines a change."""
    lines = [str(_heading(difference)), ""]
    for group in groups_of(difference):
        lines.append(f"{group.title}  {_counts(group.changes)}")
        for change in group.changes:
            lines += _change_lines(change)
        lines.append("")
    return "\n".join(lines)


def _change_lines(change: Change) -> list[str]:
    kind = text(f"contract.diff_kind_{change.kind}")
    lines = [f"  [{_level(change.level)}] {kind} {change.place} {change.title}"]
    lines += [f"      {_attribute(part.attribute)}: {part.before} → {part.after}" for part in change.parts]
    for side, verdict in (("sender", change.sender), ("receiver", change.receiver)):
        if verdict.level != SAFE:
            lines.append(f"      {text(f'contract.diff_{side}')} {_level(verdict.level)}: {verdict.reason}")
    return lines


def as_json(difference: EditionDifference) -> str:
    """Every change with both languages, for a program."""
    shown: dict[str, Any] = {
        "old": _named(difference.old),
        "new": _named(difference.new),
        "counts": {level: difference.count(level) for level in LEVELS},
        "changes": [_change_json(change) for change in difference.changes],
    }
    return json.dumps(shown, ensure_ascii=False, indent=1) + "\n"


def _named(edition: Any) -> dict[str, Any]:
    return {"name": edition.name, "title": edition.title.as_json(), "digest": edition.digest}


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "subject": change.subject,
        "kind": change.kind,
        "level": change.level,
        "infno": change.infno,
        "direction": change.direction,
        "node": change.node,
        "name": change.name,
        "title_zh": change.title,
        "sender": {"level": change.sender.level, "reason": change.sender.reason.as_json()},
        "receiver": {"level": change.receiver.level, "reason": change.receiver.reason.as_json()},
        "parts": [
            {"attribute": part.attribute, "before": part.before.as_json(), "after": part.after.as_json()}
            for part in change.parts
        ],
    }


def as_html(difference: EditionDifference) -> str:
    """Self-contained HTML page: no script, no font, no external picture."""
    loader = jinja2.PackageLoader("simulator.contract.diff", ".")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters |= {"level": _level, "attribute": _attribute}
    page = environment.get_template("page.html")
    return page.render(
        language="en" if language() == "en" else "zh-CN",
        difference=difference,
        heading=_heading(difference),
        groups=groups_of(difference),
        levels=LEVELS[::-1],
        words=lambda name: text(f"contract.diff_{name}"),
    )


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """The changes of one transaction, or of one code table."""

    key: str
    title: str
    changes: tuple[Change, ...]

    def count(self, level: str) -> int:
        return sum(change.level == level for change in self.changes)


def groups_of(difference: EditionDifference) -> list[ChangeGroup]:
    """Whole transactions first, then changes by transaction and by code table, in the order of the tables."""
    found: dict[str, list[Change]] = {_TRANSACTIONS: []}
    for change in difference.changes:
        key = _TRANSACTIONS if change.subject == "transaction" else change.infno or f"={change.node or change.name}"
        found.setdefault(key, []).append(change)
    if not found[_TRANSACTIONS]:
        del found[_TRANSACTIONS]
    return [ChangeGroup(key.lstrip("="), str(_group_title(difference, key)), tuple(found[key])) for key in found]


def _group_title(difference: EditionDifference, key: str) -> Text:
    if key.startswith("="):
        table = key[1:]
        known = difference.new.tables.get(table) or difference.old.tables[table]
        return text("contract.diff_table_title", table=table, title=known.title_zh)
    if key == _TRANSACTIONS:
        return text("contract.diff_transactions")
    if key == ENVELOPE:
        return text("contract.diff_envelope")
    known_transaction = difference.new.transactions.get(key) or difference.old.transactions[key]
    return plain(f"{key} {known_transaction.name_zh}")


def _heading(difference: EditionDifference) -> Text:
    return text(
        "contract.diff_heading",
        old=difference.old.title,
        new=difference.new.title,
        count=len(difference.changes),
        breaking=difference.count(BREAKING),
        risky=difference.count("risky"),
        safe=difference.count(SAFE),
    )


def _counts(changes: tuple[Change, ...]) -> str:
    counts = [(level, sum(change.level == level for change in changes)) for level in LEVELS[::-1]]
    return " ".join(f"{_level(level)} {count}" for level, count in counts if count)


def _level(level: str) -> Text:
    return text(f"contract.diff_level_{level}")


def _attribute(attribute: str) -> Text:
    return text(f"contract.diff_attribute_{attribute}")


FORMS: dict[str, Callable[[EditionDifference], str]] = {"text": as_text, "json": as_json, "html": as_html}

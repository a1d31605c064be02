"""Differences of code tables: codes added, removed, renamed, or moved to another code."""

from collections.abc import Iterator, Mapping

from simulator.contract.diff.changes import BREAKING, RISKY, SAFE, Change, Part
from simulator.contract.diff.fields import verdict
from simulator.contract.edition_rows import Edition
from simulator.core.texts import Text, plain, text

_NOTHING = plain("—")


def code_changes(old: Edition, new: Edition) -> Iterator[Change]:
    """Changes of codes in the order of the tables."""
    for table in sorted(old.tables.keys() | new.tables.keys(), key=str.lower):
        before, after = _checked(old, table), _checked(new, table)
        if before is None and after is None:
            continue
        if before is None or after is None:
            yield from _closed(old, new, table, is_closed=before is None)
            continue
        used = {row.key for row in old.fields if row.code_table == table} & {
            row.key for row in new.fields if row.code_table == table
        }
        yield from _table(old, new, table, before=before, after=after, is_used=bool(used))


def _checked(edition: Edition, table: str) -> Mapping[str, str] | None:
    known = edition.tables.get(table)
    return edition.codes[table] if known is not None and known.printed else None


def _closed(old: Edition, new: Edition, table: str, *, is_closed: bool) -> Iterator[Change]:
    """A table that only one edition prints: the other takes any code, or does not use it."""
    edition = new if is_closed else old
    fields = [row for row in edition.fields if row.code_table == table]
    twins = {row.key for row in (old if is_closed else new).fields}
    is_used = any(row.key in twins for row in fields)
    count = text("contract.diff_codes", count=len(edition.codes[table]))
    risk = verdict(RISKY if is_used else SAFE, "table_closed" if is_used else "table_unused")
    free = verdict(SAFE, "table_open" if is_used else "table_unused")
    before, after = (_NOTHING, count) if is_closed else (count, _NOTHING)
    part = Part("codes", before, after, risk if is_closed else free, free if is_closed else risk)
    kind = "added" if is_closed else "removed"
    yield Change("table", kind, "", "", "", table, edition.tables[table].title_zh, (part,))


def _table(
    old: Edition, new: Edition, table: str, *, before: Mapping[str, str], after: Mapping[str, str], is_used: bool
) -> Iterator[Change]:
    title = new.tables[table].title_zh
    gone = {code: name for code, name in before.items() if code not in after}
    come = {code: name for code, name in after.items() if code not in before}
    moved = _moved(gone, come, before, after)
    bad = BREAKING if is_used else SAFE
    unknown = verdict(bad, "code_unknown" if is_used else "table_unused")
    for code in dict.fromkeys([*before, *after]):
        now = moved.get(code)
        if code in gone:
            key = "code_moved" if now else "code_refused"
            sender = verdict(bad, key if is_used else "table_unused", code=now or "")
            # A code that only moved is told once, with what the old edition makes of its new one.
            receiver = unknown if now in come else verdict(SAFE, "code_unused")
            words = plain(f"{now} {after[now]}") if now else _NOTHING
            part = Part("code", _said(code, before), words, sender, receiver)
            kind = "renamed" if now else "removed"
        elif code in come:
            if code in moved.values():
                continue
            part = Part("code", _NOTHING, _said(code, after), verdict(SAFE, "code_unused"), unknown)
            kind = "added"
        elif before[code] != after[code]:
            meaning = verdict(RISKY if is_used else SAFE, "code_means" if is_used else "table_unused")
            part = Part("code", _said(code, before), _said(code, after), meaning, meaning)
            kind = "changed"
        else:
            continue
        yield Change("code", kind, "", "", table, code, title, (part,))


def _moved(
    gone: Mapping[str, str], come: Mapping[str, str], before: Mapping[str, str], after: Mapping[str, str]
) -> dict[str, str]:
    """Codes that went, and the code that says the same now: of the same name, or different by leading zeros alone."""
    found: dict[str, str] = {}
    for code, name in gone.items():
        same = [other for other, said in after.items() if said == name and (other in come or before.get(other) != name)]
        zeros = [other for other in come if other.lstrip("0") == code.lstrip("0")]
        if same or zeros:
            found[code] = (same or zeros)[0]
    return found


def _said(code: str, names: Mapping[str, str]) -> Text:
    return plain(f"{code} {names[code]}")

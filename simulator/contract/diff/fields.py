"""Differences of a field, attribute by attribute."""

from dataclasses import replace

from simulator.contract.breaches import allowed_of, condition_words
from simulator.contract.diff.changes import BREAKING, RISKY, SAFE, Part, Verdict
from simulator.contract.diff.domains import domain_of, takes_all
from simulator.contract.edition_rows import Edition, FieldRow
from simulator.core.texts import Text, plain, text


def verdict(level: str, key: str, **values: object) -> Verdict:
    return Verdict(level, text(f"contract.diff_{key}", **values))


def parts_of(old_edition: Edition, old: FieldRow, new_edition: Edition, new: FieldRow) -> list[Part]:
    """Every difference that a reader of the tables sees; codes of a shared table are told with the table."""
    found: list[Part] = []
    if _requirement(old) != _requirement(new):
        found.append(_required(old, new))
    values = _values(old_edition, old, new_edition, new)
    if values is not None:
        found.append(values)
    if old.name_zh != new.name_zh:
        said = verdict(SAFE, "only_words")
        found.append(Part("name_zh", plain(old.name_zh), plain(new.name_zh), said, said))
    return found


def _requirement(row: FieldRow) -> tuple[str, str]:
    return row.required, row.condition


def _required(old: FieldRow, new: FieldRow) -> Part:
    return Part(
        "required",
        requirement_words(old),
        requirement_words(new),
        _asks_more(new, old, "now_required", "now_stated", "no_longer"),
        _asks_more(old, new, "was_required", "was_stated", "was_not"),
    )


def _asks_more(asking: FieldRow, sending: FieldRow, breaks: str, risks: str, safe: str) -> Verdict:
    """Effect on messages made by `sending` that meet the requirement of `asking`."""
    if asking.required == "N" or sending.required == "Y" or _requirement(asking) == _requirement(sending):
        return verdict(SAFE, safe)
    if asking.condition == "stated":
        return verdict(RISKY, risks)
    return verdict(BREAKING, breaks, when=requirement_words(asking))


def requirement_words(row: FieldRow) -> Text:
    """`required`, `optional`, or when it is required."""
    if row.required == "C":
        return condition_words(row.condition)
    return text("contract.diff_is_required" if row.required == "Y" else "contract.diff_is_optional")


def _values(old_edition: Edition, old: FieldRow, new_edition: Edition, new: FieldRow) -> Part | None:
    before, after = domain_of(old_edition, old), domain_of(new_edition, new)
    same_table = old.code_table == new.code_table and before.kind == after.kind == "codes"
    same_print = (old.type, old.max_len, old.code_table, old.form) == (new.type, new.max_len, new.code_table, new.form)
    if same_table or (before == after and same_print):
        return None
    passes = verdict(SAFE, "takes_all")
    return Part(
        "values",
        _printed(old_edition, old),
        _printed(new_edition, new),
        passes if takes_all(after, before) else verdict(BREAKING, "new_refuses", wanted=_printed(new_edition, new)),
        passes if takes_all(before, after) else verdict(BREAKING, "old_refuses", wanted=_printed(old_edition, old)),
    )


def _printed(edition: Edition, row: FieldRow) -> Text:
    """Type, length and what the values are, as the tables print them."""
    head = " ".join(part for part in (row.type, row.max_len, row.code_table) if part)
    words = allowed_of(replace(row, required="N", condition=""), edition)
    return Text(f"{head}（{words.zh}）", f"{head} ({words.en})")

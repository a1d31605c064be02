"""Loader of editions: the folder, the editions it builds on, and the overlays."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from simulator.contract.consistency import examine
from simulator.contract.dialect import Dialect
from simulator.contract.edition_builder import EditionBuilder, Key
from simulator.contract.edition_dialect import speak_dialect
from simulator.contract.edition_folder import AGENCIES, BASE, SHIPPED, Folder, find_folder, read_folder
from simulator.contract.edition_rows import ENVELOPE, Edition, FieldRow, LeftOut
from simulator.contract.vocabulary import DIRECTIONS
from simulator.core.errors import DataFault, DataFaults
from simulator.core.texts import Text, text


def load_edition(
    name_or_path: str | Path, overlays: Sequence[str | Path] = (), *, platform_names: bool = False
) -> Edition:
    """The edition of that name or folder, complete; raises DataFaults with every fault by file, line and column.

    With `platform_names` its dialect is left aside, and the rows are those of the platform's own names and places.
    """
    folders = _chain(name_or_path)
    if folders[-1].is_overlay:
        raise DataFaults([_at(folders[-1], "kind", text("contract.overlay_alone", name=folders[-1].name))])
    folders += [_overlay(overlay) for overlay in overlays]
    draft = _merged(folders[0])
    for folder in folders[1:]:
        draft.merge(folder)
    dialect = Dialect() if platform_names else speak_dialect(draft, _with_agencies(draft, folders), folders)
    examine(draft)
    if draft.faults:
        raise DataFaults(sorted(draft.faults, key=lambda fault: (fault.file, fault.line or 0, fault.path)))
    return replace(_edition(draft, folders), dialect=dialect)


def _with_agencies(draft: EditionBuilder, folders: Sequence[Folder]) -> EditionBuilder:
    """The draft with the places that only agencies have, which a dialect may name as well."""
    if not any({"renamed", "moved"} & folder.about.keys() for folder in folders):
        return draft
    if any(folder.path == SHIPPED / AGENCIES for folder in folders):
        return draft
    whole = draft.copy()
    whole.merge(read_folder(SHIPPED / AGENCIES))
    return whole


def _merged(base: Folder) -> EditionBuilder:
    if base.path == SHIPPED / BASE:
        return _shipped_base()[1].copy()
    draft = EditionBuilder()
    draft.merge(base)
    return draft


@cache
def _shipped_base() -> tuple[Folder, EditionBuilder]:
    """Base shared by most editions of a process, unchanged after loading; its rows are in the draft alone."""
    folder = read_folder(SHIPPED / BASE)
    draft = EditionBuilder()
    draft.merge(folder)
    return replace(folder, rows={}), draft


def _chain(name: str | Path) -> list[Folder]:
    """The folders from the base to the named one; two that build on each other are refused."""
    found: list[Folder] = []
    paths: list[Path] = []
    path = find_folder(name)
    while True:
        folder = _shipped_base()[0] if path == SHIPPED / BASE else read_folder(path)
        if path.resolve() in paths:
            names = " → ".join(entry.name for entry in [*found, folder])
            raise DataFaults([_at(found[-1], "builds_on", text("contract.circle", names=names))])
        found.append(folder)
        paths.append(path.resolve())
        base = folder.about.get("builds_on")
        if base is None:
            return found[::-1]
        try:
            path = find_folder(str(base), beside=path)
        except DataFaults as error:
            raise DataFaults([_at(folder, "builds_on", fault.sentence) for fault in error.faults]) from None


def _overlay(name: str | Path) -> Folder:
    folder = read_folder(find_folder(name))
    if not folder.is_overlay:
        raise DataFaults([_at(folder, "name", text("contract.not_an_overlay", name=folder.name))])
    return folder


def _at(folder: Folder, path: str, sentence: Text) -> DataFault:
    return folder.document.fault(path, sentence)


def _edition(draft: EditionBuilder, folders: Sequence[Folder]) -> Edition:
    own = folders[-1] if not folders[-1].is_overlay else next(f for f in reversed(folders) if not f.is_overlay)
    rows = _ordered(draft)
    codes: dict[str, dict[str, str]] = {table: {} for (table,) in draft.code_tables}
    for (table, code), name in draft.codes.items():
        codes[table][code] = name
    meanings: dict[str, dict[str, str]] = {}
    for (table, meaning), code in draft.meanings.items():
        meanings.setdefault(table, {})[meaning] = code
    about = own.about
    return Edition(
        name=own.name,
        title=_text(about["title"]),
        source=_text(about.get("source", about["title"])),
        lineage=tuple(folder.name for folder in folders),
        transactions={infno: known for (infno,), known in draft.transactions.items()},
        fields=tuple(row for row in rows if row.field),
        nodes={row.key[:3]: row for row in rows if not row.field},
        tables={table: known for (table,), known in draft.code_tables.items()},
        codes=codes,
        meanings=meanings,
        reading=tuple(_text(entry) for folder in folders for entry in folder.about.get("reading", ())),
        doubtful=tuple(_text(entry) for folder in folders for entry in folder.about.get("doubtful", ())),
        sources={tag: words for folder in folders for tag, words in folder.about.get("sources", {}).items()},
        infcode_is_number=_last(folders, "infcode") == "number",
        left_out=tuple(LeftOut(**entry) for entry in about.get("left_out", ())),
    )


def _last(folders: Sequence[Folder], setting: str) -> Any:
    """A setting of the last folder that states it."""
    return next((folder.about[setting] for folder in reversed(folders) if setting in folder.about), None)


def _ordered(draft: EditionBuilder) -> list[FieldRow]:
    """Rows by transaction, direction and node as they first appear; a node row rules the kind of its node."""
    places = {ENVELOPE: -1} | {infno: index for index, (infno,) in enumerate(draft.transactions)}
    first: dict[Key, int] = {}
    for index, key in enumerate(draft.fields):
        first.setdefault(key[:3], index)
    numbered = [
        ((places[row.infno], DIRECTIONS.index(row.direction), first[row.key[:3]], index), row)
        for index, row in enumerate(draft.fields.values())
    ]
    ranked = [row for _, row in sorted(numbered, key=lambda pair: pair[0])]
    ruled = {row.key[:3]: row.node_kind for row in ranked if not row.field}
    return [_of_kind(row, ruled.get(row.key[:3])) for row in ranked]


def _of_kind(row: FieldRow, kind: str | None) -> FieldRow:
    return row if kind is None or kind == row.node_kind else replace(row, node_kind=kind)


def _text(entry: dict[str, Any]) -> Text:
    return Text(entry["zh"], entry.get("en", entry["zh"]))

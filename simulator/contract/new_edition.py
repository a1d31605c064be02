"""Starts an edition of one's own: a folder that builds on another edition and changes nothing yet."""

import json
import os
import re
from pathlib import Path

from simulator.contract.edition_folder import SHIPPED, TABLES, find_folder, read_folder
from simulator.core.errors import DataFault, DataFaults
from simulator.core.texts import text

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}\Z")


def start_edition(folder: Path, base: str, name: str = "") -> list[Path]:
    """Writes edition.yaml, empty tables and what their columns mean; raises DataFaults rather than overwrite."""
    below = read_folder(find_folder(base))
    if below.is_overlay:
        raise DataFaults([DataFault(text("contract.overlay_alone", name=below.name), file=str(below.path))])
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataFaults([DataFault(text("contract.folder_taken"), file=str(folder))])
    own = name or re.sub(r"[^a-z0-9.-]+", "-", folder.resolve().name.lower()).strip("-.")
    if not _NAME.match(own):
        raise DataFaults([DataFault(text("contract.edition_name", got=own), file=str(folder))])
    shipped = below.path.parent == SHIPPED
    builds_on = below.name if shipped else os.path.relpath(below.path.resolve(), folder.resolve())
    title = json.dumps(f"{below.about['title']['zh']}（{own}）", ensure_ascii=False)
    about = str(text("contract.new_edition_yaml", name=own, base=builds_on, title=title))
    written = {"edition.yaml": about}
    written["README.md"] = (SHIPPED / "README.md").read_text(encoding="utf-8")
    written |= {f"{table.name}.csv": ",".join(["change", *table.columns]) + "\n" for table in TABLES}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in written.items():
            (folder / file).write_text(content, encoding="utf-8")
    except OSError as error:
        fault = DataFault(text("contract.cannot_write", problem=error.strerror), file=str(folder))
        raise DataFaults([fault]) from None
    return [folder / file for file in written]

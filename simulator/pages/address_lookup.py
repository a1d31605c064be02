"""Finds what an address names, or says what there is that comes near."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.contract.edition_rows import ENVELOPE
from simulator.core.schema_errors import nearest
from simulator.core.texts import Text, text
from simulator.pages.edition_choice import Editions, Shown

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Near:
    """An address to offer instead."""

    address: str
    name: str


class NotHere(Exception):
    """An address names nothing; `near` are addresses to offer."""

    def __init__(self, sentence: Text, *near: Near) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.near = near


def edition_named(editions: Editions, name: str) -> Shown:
    """The edition of a name from an address; raises NotHere."""
    found = editions.find(name)
    if found is None:
        known = [each.name for each in editions.all()]
        close = nearest(name[:_SHOWN], known)
        offers = [Near(f"/contract/{each}/", each) for each in ([close] if close else known)]
        raise NotHere(text("pages.no_edition", name=name[:_SHOWN]), *offers)
    return found


def infno_named(shown: Shown, infno: str, *, served: bool = False, among: Sequence[Shown] = ()) -> str:
    """The number as the edition writes it, upper or lower case; raises NotHere, also for a name without fields.

    `among` are editions that may have it instead.
    """
    known = [ENVELOPE, *shown.contract.edition.transactions]
    number = next((each for each in known if each.casefold() == infno.casefold()), None)
    if number is None or (served and number != ENVELOPE and not shown.contract.serves(number)):
        elsewhere = [each for each in among if infno in each.contract.edition.transactions]
        offers = [Near(f"/contract/{each.name}/{infno}/", f"{each.name} {infno}") for each in elsewhere]
        close = nearest(infno[:_SHOWN], known)
        if close:
            offers.append(Near(f"/contract/{shown.name}/{close}/", f"{shown.name} {close}"))
        raise NotHere(shown.contract.why_not(infno[:_SHOWN]), *offers, Near(f"/contract/{shown.name}/", shown.name))
    return number


def table_named(shown: Shown, table: str) -> str:
    """The name of a code table; raises NotHere."""
    if table not in shown.contract.edition.tables:
        close = nearest(table[:_SHOWN], shown.contract.edition.tables)
        offers = [Near(f"/contract/{shown.name}/codes/{close}", close)] if close else []
        everything = Near(f"/contract/{shown.name}/codes/", shown.name)
        raise NotHere(text("pages.no_table", table=table[:_SHOWN], edition=shown.name), *offers, everything)
    return table

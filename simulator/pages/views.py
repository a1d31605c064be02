"""Contents of each page; the templates only lay them out."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from simulator.contract.edition_rows import ENVELOPE
from simulator.contract.example import example_message
from simulator.contract.layout import REMOTE
from simulator.contract.negative_examples import KINDS
from simulator.pages import listing
from simulator.pages.address_lookup import edition_named, infno_named, table_named
from simulator.pages.comparing import compared
from simulator.pages.edition_choice import Editions, Shown
from simulator.pages.message_lines import written
from simulator.pages.rendering import Page, t
from simulator.pages.transaction import DIRECTIONS, MOST_CODES, miss_counts, misses_of, side_of, variant_of
from simulator.transactions import HANDLERS

_MOST_WORDS = 80


def editions(known: Editions) -> Page:
    """Every edition, and the form that compares two."""
    return Page("editions.html", t("editions"), {"editions": known.all()})


def edition(shown: Shown) -> Page:
    """Page of an edition: the hits of a search, or all its transactions."""
    words = request.args.get("q", "").strip()[:_MOST_WORDS]
    served, listed = listing.categories(shown.contract)
    values = {
        "shown": shown,
        "words": words,
        "hits": listing.search(shown.contract, words) if words else None,
        "families": served,
        "listed": listed,
    }
    return Page("edition.html", f"{shown.name} {shown.contract.edition.title}", values)


def transaction(known: Editions, name: str, infno: str) -> Page | Response:
    """Page of a transaction in both directions; a number in another case is redirected to the right spelling."""
    shown = edition_named(known, name)
    number = infno_named(shown, infno, among=known.all())
    if number != infno:
        return redirect(url_for(request.endpoint or "", edition=name, infno=number), 302)
    contract = shown.contract
    served = number == ENVELOPE or contract.serves(number)
    values = {
        "shown": shown,
        "infno": number,
        "known": contract.edition.transactions.get(number),
        "served": served,
        "handled": number in HANDLERS,
        "why_not": None if served else contract.why_not(number),
        "elsewhere": _elsewhere(known, shown, number),
        "sides": [side_of(contract, number, direction) for direction in DIRECTIONS] if served else [],
        "examples": _examples(shown, number) if served else [],
        "misses": [(direction, _counts(shown, number, direction)) for direction in DIRECTIONS] if served else [],
        "most_codes": MOST_CODES,
    }
    return Page("transaction.html", f"{number} {listing.title_of(contract, number)}", values)


def negative_examples(known: Editions, name: str, infno: str) -> Page:
    """Every message that misses the contract by one thing, with the sentence it is refused with."""
    shown = edition_named(known, name)
    number = infno_named(shown, infno, served=True)
    direction = request.args.get("direction", "in")
    direction = direction if direction in DIRECTIONS else "in"
    remote = request.args.get("remote", "") == "1"
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    variant = variant_of(shown.contract, number, direction, remote=remote)
    values = {
        "shown": shown,
        "infno": number,
        "name": listing.title_of(shown.contract, number),
        "direction": direction,
        "remote": variant is REMOTE,
        "varies": variant_of(shown.contract, number, direction, remote=True) is REMOTE,
        "kind": kind,
        "counts": miss_counts(shown.contract, number, direction, variant),
        "misses": misses_of(shown.contract, number, direction, variant, kind),
    }
    return Page("near_misses.html", f"{number} {t('near_misses')}", values)


def code_tables(shown: Shown) -> Page:
    """All code tables of an edition."""
    return Page("code_tables.html", f"{t('code_tables')} {shown.name}", {"shown": shown})


def codes(shown: Shown, table: str) -> Page:
    """Page of a code table with the fields that use it."""
    name = table_named(shown, table)
    values = {"shown": shown, "table": name, "users": listing.used_by(shown.contract, name)}
    return Page("codes.html", f"{name} {shown.contract.edition.tables[name].title_zh}", values)


def differences(known: Editions) -> Page:
    """Two editions beside each other; the first two until others are chosen."""
    every = known.all()
    old = edition_named(known, request.args.get("old") or every[1].name)
    new = edition_named(known, request.args.get("new") or every[2].name)
    infno = request.args.get("infno", "").strip()[:_MOST_WORDS]
    level = request.args.get("level", "")
    values = {
        "editions": every,
        "old": old,
        "new": new,
        "infno": infno,
        "level": level,
        "compared": compared(old.contract, new.contract, infno=infno, level=level),
    }
    return Page("differences.html", f"{old.contract.edition.title} → {new.contract.edition.title}", values)


def _examples(shown: Shown, infno: str) -> list[tuple[str, bool, str]]:
    """Direction, whether remote, and the text of every example worth showing."""
    found = []
    for direction in DIRECTIONS:
        if infno == ENVELOPE:
            continue
        for remote in (False, True):
            variant = variant_of(shown.contract, infno, direction, remote=remote)
            if remote and (direction == "out" or variant is not REMOTE):
                continue
            found.append((direction, remote, written(example_message(shown.contract, infno, direction, variant))))
    return found


def _elsewhere(known: Editions, shown: Shown, infno: str) -> list[tuple[Shown, str]]:
    """The other editions that have the transaction, with what they know of it; all have a header."""
    found = []
    for other in known.all():
        there = other.contract.edition.transactions.get(infno)
        if other.name != shown.name.partition("+")[0] and (there or infno == ENVELOPE):
            found.append((other, there.state if there else "tables"))
    return found


def _counts(shown: Shown, infno: str, direction: str) -> dict[str, int]:
    variant = variant_of(shown.contract, infno, direction, remote=False)
    return dict(miss_counts(shown.contract, infno, direction, variant))

"""`nhsa-sim catalogue`: looks items up in the catalogues of treatment places."""

import json
import sys
from typing import TYPE_CHECKING

import click

from simulator.core.errors import DataFault, DataFaults
from simulator.core.texts import text

if TYPE_CHECKING:
    from simulator.catalogue.search import FoundItem

GRADES = {"class_a": "甲", "class_b": "乙", "class_c": "丙"}


@click.group("catalogue")
def command() -> None:
    """医保目录：查项目 / Catalogues: look items up."""


@command.command("search")
@click.argument("words", nargs=-1, required=True)
@click.option("--area", default="", metavar="AREA", help="只查这个就医地的目录 / the catalogue of this place only")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10000), help="最多几条 / at most")
@click.option("--data", default="", help="自备数据目录 / folder with your own catalogues")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON / tell as JSON")
def search(words: tuple[str, ...], area: str, limit: int, data: str, *, as_json: bool) -> None:
    """按名称、编码里的词查项目 / Find items whose name or code holds all WORDS.

    退出码 0 查到，1 没有 / exit code 0 found, 1 none.
    """
    from simulator.catalogue.search import find_items
    from simulator.people.areas import is_area
    from simulator.platform import load_defaults

    if area and not is_area(area):
        raise DataFaults([DataFault(text("refusal.area_unknown", area=area), "--area")])
    found = find_items(load_defaults(data).catalogues, words, area)
    shown = found[:limit]
    if as_json:
        from simulator.catalogue import item_json

        rows = [{"area": each.area or None, **item_json(each.item)} for each in shown]
        click.echo(json.dumps({"count": len(found), "items": rows}, ensure_ascii=False, indent=1))
    else:
        for each in shown:
            click.echo(_line(each))
        more = {"count": len(found), "shown": len(shown), "words": " ".join(words)}
        click.echo(text("catalogue.found" if found else "catalogue.none_found", **more), err=True)
    sys.exit(0 if found else 1)


def _line(found: "FoundItem") -> str:
    item = found.item
    ceiling = "-" if item.price_ceiling is None else str(item.price_ceiling)
    restricted = str(text("catalogue.restricted_mark")) if item.restricted else ""
    days = f"{item.valid_from}~{item.valid_to or ''}"
    figures = f"{GRADES[item.grade]} {ceiling:>9} {item.prior_selfpay_ratio:>5}"
    return f"{item.code:<30} {found.area or 'national':<8} {figures}  {days:<21}  {item.name}{restricted}"

"""`nhsa-sim upgrade`: two systems, or two editions, side by side; each difference is explained or flagged."""

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.core.errors import SetupError
from simulator.core.texts import Text, text

if TYPE_CHECKING:
    from simulator.contract import Edition
    from simulator.harness.environment.plan import Plan
    from simulator.harness.scenario.definition import Scenario
    from simulator.upgrade.playing import PlayedSide

_PATH = click.Path(path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command("upgrade")
@click.argument("paths", nargs=-1, type=_PATH)
@click.option("--old", required=True, metavar="URL", help="旧系统的地址 / address of the old system")
@click.option("--new", required=True, metavar="URL", help="新系统的地址 / address of the new system")
@click.option("--area", default="", metavar="AREA", help="两个都是此地的经办机构系统 / both are agencies of this area")
@click.option("--old-edition", default="national", show_default=True, metavar="NAME", help="旧系统的规范 / edition")
@click.option("--new-edition", default="national", show_default=True, metavar="NAME", help="新系统的规范 / edition")
@click.option("-k", "words", default="", metavar="EXPR", help="按词选场景 / scenarios by words: and, or, not, ( )")
@click.option("-m", "marks", default="", metavar="MARK", help="按标记选场景 / scenarios by marks")
@click.option("--strict", is_flag=True, help="照场景从严；默认从宽 / strict where the scenarios are")
@click.option("--mask", type=_PATH, metavar="FILE", help="另有哪些字段不比值 / a file with further volatile fields")
@click.option("--start", type=_DAY, help="场景改在这一天开始 / the day on which scenarios begin")
@click.option("--patience", default=10.0, metavar="SECONDS", help="等真实系统多久 / how long to wait for a system")
@click.option("--platform", default="", metavar="URL", help="向两个机构发报文的平台 / platform that asks them")
@click.option("--data", default="", help="自备数据目录 / folder with your own policies, catalogues, institutions")
@click.option("--token", default="", envvar="NHSA_SIM_TOKEN", help="控制接口令牌 / token of control")
@click.option("--seed", default=230900, show_default=True, help="人员生成种子 / seed of people")
@click.option("--report", default=Path("upgrade"), show_default=True, type=_PATH, help="报告目录 / folder")
def command(old: str, new: str, mask: Path | None, report: Path, **options: Any) -> None:
    """新旧系统对比 / Upgrade proof.

    同样的场景在两个系统上各演一遍，逐条比较应答；每处差异要么出自两版规范的改动（contract diff 的一行），要么标为不明。
    给出 --area 则两边是经办机构系统，否则是本产品的两个平台（或同一个平台上的两版规范） /
    The same scenarios are played on both systems and the answers compared; each difference follows from a row of
    contract diff, or is flagged. With --area both are agencies, otherwise two platforms of this product.

    退出码：0 没有不明的差异，1 有，2 没能比较 / Exit code 0: nothing unexplained, 1: something is, 2: not compared.
    """
    from simulator.contract import load_edition
    from simulator.contract.diff import compare
    from simulator.upgrade.comparison import compare_sides
    from simulator.upgrade.leeway import read_leeway, shipped_leeway
    from simulator.upgrade.reports import HTML, lines, write_reports

    _refuse_senseless(old, new, options)
    leeway = read_leeway(mask) if mask is not None else shipped_leeway()
    editions = [load_edition(options[f"{side}_edition"]) for side in ("old", "new")]
    scenarios = _scenarios(options)
    sides = []
    for name, url, edition in zip(("old", "new"), (old, new), editions, strict=True):
        sides.append(_play(text(f"upgrade.playing_{name}"), url.rstrip("/"), edition, scenarios, options))
    comparison = compare_sides(sides[0], sides[1], compare(*editions), leeway)
    write_reports(comparison, report)
    for line in lines(comparison):
        click.echo(line)
    click.echo(text("upgrade.reports_at", path=report / HTML))
    sys.exit(comparison.exit_code)


def _refuse_senseless(old: str, new: str, options: Mapping[str, Any]) -> None:
    area = options["area"]
    if area and not (len(area) == 6 and area.isascii() and area.isdigit()):
        raise SetupError(text("upgrade.bad_area", got=area))
    if options["platform"] and not area:
        raise SetupError(text("upgrade.platform_with_area"))
    if options["data"] and not Path(options["data"]).is_dir():
        raise SetupError(text("harness.no_folder", path=options["data"]))
    if old.rstrip("/") == new.rstrip("/") and options["old_edition"] == options["new_edition"]:
        raise SetupError(text("upgrade.same_system"))


def _scenarios(options: Mapping[str, Any]) -> "list[Scenario]":
    from simulator.harness.environment.modes import refuse_strangers
    from simulator.harness.scenario.date_shift import begin_on
    from simulator.harness.scenario.library import load
    from simulator.harness.scenario.selection import Selection

    scenarios = load(options["paths"], Selection(options["words"], options["marks"]))
    if not scenarios:
        raise SetupError(text("harness.nothing_chosen", words=options["words"] or "-", marks=options["marks"] or "-"))
    if options["area"]:
        refuse_strangers(scenarios, [options["area"]], ())
    if options["start"] is not None:
        day: datetime = options["start"]
        return [begin_on(each, day.date()) for each in scenarios]
    return scenarios


def _play(
    side: Text, url: str, edition: "Edition", scenarios: "list[Scenario]", options: Mapping[str, Any]
) -> "PlayedSide":
    from simulator.upgrade.playing import AGENCY, HOSPITAL, play_side

    click.echo(text("upgrade.progress", side=side, url=url, count=len(scenarios)))
    plan = _plan(url, edition, scenarios, options)
    return play_side(plan, url, AGENCY if options["area"] else HOSPITAL)


def _plan(url: str, edition: "Edition", scenarios: "list[Scenario]", options: Mapping[str, Any]) -> "Plan":
    """A plan in which the system is the insured place, or the platform."""
    from simulator.harness.environment.plan import Plan
    from simulator.harness.scenario.definition import INSURED, SELF
    from simulator.upgrade.playing import in_edition

    shared: dict[str, Any] = {
        "seed": options["seed"],
        "start": options["start"].date() if options["start"] else None,
        "token": options["token"],
        "recorded": True,
        "patience_s": options["patience"],
        "data": str(Path(options["data"]).resolve()) if options["data"] else "",
    }
    if options["area"]:
        agencies = {options["area"]: url}
        spoken = {"edition": edition.name}
        return Plan(
            scenarios,
            uses=(INSURED,),
            agencies=agencies,
            capabilities=spoken,
            platform=options["platform"],
            **shared,
        )
    played = [in_edition(each, edition, strict=options["strict"]) for each in scenarios]
    return Plan(played, uses=(SELF,), platform=url, **shared)

"""`nhsa-sim load`: the outpatient journey under many users, judged by limits, and the books audited afterwards."""

import sys
from pathlib import Path
from typing import Any

import click

from simulator.core.errors import SetupError
from simulator.core.texts import text


@click.command("load")
@click.option("--users", default=16, show_default=True, type=click.IntRange(1, 100_000), help="窗口数 / counters")
@click.option("--minutes", default=1.0, show_default=True, type=click.FloatRange(0.02, 1440), help="多久 / how long")
@click.option(
    "--rate", default=0.0, metavar="R", type=click.FloatRange(0), help="每秒报文，默认尽快 / messages per second"
)
@click.option("--mix", type=click.Path(path_type=Path), help="业务构成文件 / file: what the hospitals do")
@click.option("--limits", type=click.Path(path_type=Path), help="限值文件 / file: what must hold")
@click.option("--platform", default="", metavar="URL", help="已启动的平台，默认自启 / a platform that is up already")
@click.option("--port", default=0, help="自启平台的端口 / port of the platform started here")
@click.option("--sandbox", default="", metavar="NAME", help="已有的沙箱，默认新建 / a sandbox that is there")
@click.option("--token", default="", envvar="NHSA_SIM_TOKEN", help="控制接口令牌 / token of control")
@click.option(
    "--agency", "agencies", multiple=True, metavar="AREA=URL", help="参保地系统，或 AREA=reference / insured place"
)
@click.option("--people", type=click.Path(path_type=Path), help="参保地认识的人 / people that it knows (export file)")
@click.option(
    "--write-people", type=click.Path(path_type=Path), help="只造人并写出，不施压 / make and write people only"
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="发压进程数 / processes")
@click.option("--data", default="", help="自备数据目录 / folder with your own policies, catalogues, institutions")
@click.option(
    "--report",
    default="load-report",
    show_default=True,
    type=click.Path(path_type=Path),
    help="报告目录 / folder of the report",
)
@click.option("--keep", is_flag=True, help="保留新建的沙箱 / keep the sandbox that was made")
def command(
    users: int,
    minutes: float,
    rate: float,
    mix: Path | None,
    limits: Path | None,
    agencies: tuple[str, ...],
    write_people: Path | None,
    report: Path,
    data: str,
    **options: Any,
) -> None:
    """压测 / Load.

    不给 --platform 则自己启动一个。退出码：0 全部满足，1 有限值未满足或账目不平（逐条列出），2 没能进行 /
    Starts a platform of its own without --platform. Exit code 0: all limits held, 1: some did not, or the books differ,
    2: the run is broken.
    """
    from simulator.loadtests import running
    from simulator.loadtests.limits import load_limits
    from simulator.loadtests.mix import load_mix

    asked = running.Asked(
        users=users,
        seconds=minutes * 60,
        mix=load_mix(mix),
        mix_file=mix,
        limits=load_limits(limits),
        folder=report,
        rate=rate,
        agencies=dict(_agency(each) for each in agencies),
        data=str(Path(data).resolve()) if data else "",
        **options,
    )
    if write_people is not None:
        running.write_people(asked, write_people, click.echo)
        return
    _make(report)
    outcome = running.run_load(asked, _tell)
    _conclude(outcome)


def _conclude(outcome: "object") -> None:
    from simulator.loadtests import writing
    from simulator.loadtests.running import Outcome

    assert isinstance(outcome, Outcome)
    writing.write_reports(outcome, ["nhsa-sim", *sys.argv[1:]])
    for line in writing.verdict_lines(outcome.judged):
        click.echo(line)
    for line in writing.reason_lines(outcome.run.recorder):
        click.echo(line)
    click.echo(text("load.report", path=outcome.asked.folder / "load.html"))
    if outcome.kept_sandbox:
        click.echo(text("load.kept_sandbox", sandbox=outcome.sandbox, url=outcome.url))
    sys.exit(0 if outcome.passed else 1)


def _make(report: Path) -> None:
    """The folder of the report, before the load and not after it."""
    try:
        report.mkdir(parents=True, exist_ok=True)
        (report / "load.html").touch()
    except OSError as error:
        raise SetupError(text("load.no_report", path=report, problem=error.strerror or "")) from None


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _agency(written: str) -> tuple[str, str]:
    area, _, url = written.partition("=")
    if not (len(area) == 6 and area.isascii() and area.isdigit() and url):
        raise SetupError(text("load.bad_agency", got=written))
    return area, url

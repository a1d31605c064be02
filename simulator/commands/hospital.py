"""`nhsa-sim hospital`: the reference hospital, until interrupted."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.command_line.defect_options import defect_options
from simulator.core.errors import SetupError
from simulator.core.texts import text

if TYPE_CHECKING:
    from simulator.harness.environment.client import PlatformClient


@click.command("hospital")
@click.option(
    "--city", "cities", multiple=True, required=True, metavar="AREA", help="就医地区划，可多次；all 为全部 / areas"
)
@click.option("--platform", required=True, metavar="URL", help="平台地址 / the platform's address")
@click.option("--sandbox", default="default", show_default=True, help="沙箱 / sandbox")
@click.option("--store", default="", help="账簿目录 / folder of its book (default .nhsa-sim/hospital-<sandbox>)")
@click.option(
    "--patience", default=60.0, show_default=True, help="一件事试多久才放弃（秒） / seconds before it gives up"
)
@click.option("--token", default="", envvar="NHSA_SIM_TOKEN", help="控制接口令牌 / token of control")
@defect_options("hospital")
def command(
    cities: tuple[str, ...],
    platform: str,
    sandbox: str,
    store: str,
    patience: float,
    token: str,
    defects: tuple[str, ...],
) -> None:
    """启动参考医院 / Run the reference hospital.

    看任务板（/_sim/tasks）上交给这些地区医院的事，用自己的报文去办；没收到应答的查询重发，结算则冲正后重办 /
    Does what the task board (/_sim/tasks) asks of these hospitals, in messages of its own; repeats unanswered
    questions, reverses unanswered settlements.
    """
    from simulator.harness.environment.client import connect
    from simulator.harness.hospital.hospital import ReferenceHospital
    from simulator.harness.hospital.logbook import Logbook

    for city in cities:
        if city != "all" and not (len(city) == 6 and city.isascii() and city.isdigit()):
            raise SetupError(text("hospital.bad_city", got=city))
    found = connect(platform, token)
    _wait_for(found, sandbox, patience)
    folder = Path(store or f".nhsa-sim/hospital-{sandbox}")
    book = Logbook(folder)
    click.echo(text("hospital.ready", cities=", ".join(cities), url=found.sandbox(sandbox).url, store=folder))

    def tell(title: str, state: str, said: str) -> None:
        click.echo(f"{text(f'hospital.{state}')}  {title}  {said}")

    hospital = ReferenceHospital(found.sandbox(sandbox), book, cities, patience, tell)
    if defects:
        # A sound hospital has none of this code anywhere near it.
        from simulator.harness.hospital.defects import with_defects

        hospital = with_defects(hospital, defects)
    try:
        hospital.run()
    finally:
        book.close()


def _wait_for(platform: "PlatformClient", sandbox: str, patience_s: float) -> None:
    """Waits for a platform or a sandbox that is still to come up; raises SetupError when it did not come in time."""
    from simulator.harness.environment.client import NotThereYet

    deadline = time.monotonic() + patience_s
    told = False
    while True:
        try:
            platform.refuse_stranger()
            if sandbox in platform.control("GET", "sandboxes")["sandboxes"]:
                return
            raise NotThereYet(text("hospital.no_sandbox", name=sandbox, url=platform.url))
        except NotThereYet as missing:
            if time.monotonic() > deadline:
                raise
            if not told:
                click.echo(text("hospital.waiting", problem=missing, seconds=round(patience_s)))
                told = True
            time.sleep(_POLL_S)


_POLL_S = 0.2

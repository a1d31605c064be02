"""`nhsa-sim agency`: the reference agency in the city's place."""

from pathlib import Path

import click

from simulator.command_line.defect_options import defect_options
from simulator.core.errors import DataFault, DataFaults, SetupError
from simulator.core.texts import text


@click.command("agency")
@click.option("--city", required=True, metavar="AREA", help="参保地区划，六位 / area it answers for, six digits")
@click.option("--port", default=8200, show_default=True, help="监听端口 / port")
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 / address to listen on")
@click.option("--people", type=click.Path(path_type=Path), help="people export 的 JSON / JSON of people export")
@click.option("--store", default="", help="账目文件夹（默认 .nhsa-sim/agency-<区划>） / folder of its books")
@click.option("--data", default="", help="自备政策等的文件夹 / folder with your own policies and places")
@click.option("--edition", default="national", show_default=True, help="它讲的规范版本 / edition that it speaks")
@click.option("--own-clock", is_flag=True, help="用本机时间，不用报文里的时间 / go by its own clock")
@click.option("--threads", default=16, show_default=True, type=click.IntRange(1, 1000), help="处理线程 / threads")
@click.option("--open", "opened", is_flag=True, help="允许在本机以外的地址监听 / allow an address that others reach")
@defect_options("agency")
def command(
    city: str,
    port: int,
    host: str,
    people: Path | None,
    store: str,
    data: str,
    edition: str,
    own_clock: bool,
    threads: int,
    opened: bool,
    defects: tuple[str, ...],
) -> None:
    """启动参考经办机构 / Serve the reference agency.

    \b
    代替参保地经办机构：只讲经办机构协议（docs/agency-protocol.zh-CN.md），账目自己记，重启不丢 /
    Stands in for the insured place: speaks the agency protocol only (docs/agency-protocol.md), keeps books of its own.

    \b
    例 / example:
      nhsa-sim people export --area 230900 -o people.json
      nhsa-sim agency --city 230900 --people people.json --port 8200
      nhsa-sim rehearse --agency 230900=http://127.0.0.1:8200/
    """  # noqa: D301 (click reads \b as a character)
    from simulator.people.areas import is_area
    from simulator.server import serving
    from simulator.store.factory import only_server_of

    if not is_area(city):
        raise DataFaults([DataFault(text("refusal.area_unknown", area=city), "--city")])
    if host not in serving.LOOPBACK and not opened:
        raise SetupError(text("agency_command.exposed", host=host))
    serving.refuse_unavailable_port(host, port)
    folder = store or f".nhsa-sim/agency-{city}"
    with only_server_of(folder):
        serving.serve_agency(
            host,
            port,
            threads=threads,
            city=city,
            folder=folder,
            data=data,
            edition=edition,
            own_clock=own_clock,
            defects=defects,
            people=people,
        )

"""`nhsa-sim serve`: the platform, until interrupted."""

import re

import click

from simulator.core.errors import SetupError
from simulator.core.settings import Settings
from simulator.core.texts import text


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 / address to listen on")
@click.option("--port", default=8100, show_default=True, help="监听端口 / port")
@click.option("--listen", multiple=True, metavar="PORT=SANDBOX", help="沙箱专用端口 / a sandbox's own port")
@click.option("--store", default=".nhsa-sim", show_default=True, help="数据目录或 postgresql:// 地址 / folder or URL")
@click.option("--data", default="", help="自备数据目录 / folder with your own policies, catalogues, institutions")
@click.option("--edition", default="national", show_default=True, help="规范版本 / edition of the interface")
@click.option(
    "--seed", default=230900, show_default=True, type=click.IntRange(0, 2**53 - 1), help="人员生成种子 / seed of people"
)
@click.option("--lenient", is_flag=True, help="放过常见习惯并记为警告 / let known habits of clients through")
@click.option("--gateway", type=click.Choice(["none", "api_hmac"]), default="none", help="网关签名 / gateway profile")
@click.option("--access-key", default="", envvar="NHSA_SIM_ACCESS_KEY", help="网关 AK / access key of the gateway")
@click.option("--secret-key", default="", envvar="NHSA_SIM_SECRET_KEY", help="网关 SK / secret key of the gateway")
@click.option("--sm4-key", default="", envvar="NHSA_SIM_SM4_KEY", help="SM4 密钥 / key in hexadecimal")
@click.option("--sign-in", is_flag=True, help="其他交易须先 9001 签到 / demand 9001 first")
@click.option("--token", default="", envvar="NHSA_SIM_TOKEN", help="控制接口令牌 / token of control and metrics")
@click.option("--allow-host", multiple=True, help="控制接口允许的主机名 / further host names for control")
@click.option("--allow-target", multiple=True, help="经办机构地址可指向的外部主机 / hosts that an agency URL may name")
@click.option("--open", "opened", is_flag=True, help="非本机监听也不要求令牌和签名 / no token or gateway demanded")
@click.option("--threads", default=64, show_default=True, type=click.IntRange(1, 1000), help="处理线程 / threads")
@click.option(
    "--durable/--fast",
    default=True,
    show_default=True,
    help="断电也不丢；--fast 快，断电可丢末几条 / survive a power cut; --fast: quicker, may lose the last answers",
)
def command(host: str, port: int, listen: tuple[str, ...], opened: bool, **options: object) -> None:
    """启动仿真平台 / Serve the platform.

    业务入口 /fsi/api/rsfComIfsService/callService，沙箱前缀 /s/<名称>，控制接口 /_sim/ /
    Business at /fsi/api/rsfComIfsService/callService, a sandbox under /s/<name>, control under /_sim/.
    """
    from simulator.server import serving
    from simulator.store.factory import only_server_of

    settings = _settings(options)
    serving.refuse_unsafe(host, settings, opened=opened)
    more = _listening(listen, port)
    for each in (port, *more):
        serving.refuse_unavailable_port(host, each)
    with only_server_of(settings.store):
        serving.refuse_unusable(settings)
        serving.serve(host, port, settings, more)


def _settings(options: dict[str, object]) -> Settings:
    gateway = {"name": options["gateway"], "sign_in": options["sign_in"]}
    if options["gateway"] != "none":
        if not (options["access_key"] and options["secret_key"]):
            raise SetupError(text("serve.no_keys"))
        gateway |= {"access_key": options["access_key"], "secret_key": options["secret_key"]}
    if options["sm4_key"]:
        if not re.fullmatch("[0-9A-Fa-f]{32}", str(options["sm4_key"])):
            raise SetupError(text("serve.sm4_key"))
        gateway |= {"encrypt": "sm4", "sm4_key": options["sm4_key"]}
    return Settings(
        store=str(options["store"]),
        data=str(options["data"]),
        seed=int(str(options["seed"])),
        edition=str(options["edition"]),
        strict=not options["lenient"],
        gateway=gateway,
        token=str(options["token"]),
        hosts=tuple(options["allow_host"]),  # type: ignore[arg-type]  # click gives a tuple of text
        allow_targets=tuple(options["allow_target"]),  # type: ignore[arg-type]  # likewise
        threads=int(str(options["threads"])),
        durable=bool(options["durable"]),
    )


def _listening(written: tuple[str, ...], main: int) -> dict[int, str]:
    """The sandbox of each further port; raises SetupError for a port named twice."""
    from simulator.store.store import NAME

    found = {main: ""}
    for each in written:
        port, _, name = each.partition("=")
        if not (port.isascii() and port.isdigit() and len(port) < 6 and NAME.match(name)):
            raise SetupError(text("serve.listen", got=each))
        if int(port) in found:
            raise SetupError(text("serve.listen_twice", port=port))
        found[int(port)] = name
    del found[main]
    return found

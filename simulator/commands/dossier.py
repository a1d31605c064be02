"""`nhsa-sim dossier`: report folders of runs in a single sealed file, and the check of its seal."""

import re
import sys
from pathlib import Path

import click

from simulator.core.errors import SetupError
from simulator.core.texts import speaking, text

_PATH = click.Path(path_type=Path)
_MAKE = "make"
_LARGEST = 64 * 1024 * 1024


class _Dossier(click.Group):
    """Takes whatever is no subcommand for the folders of `make`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args.insert(0, _MAKE)
        return super().parse_args(ctx, args)


@click.group("dossier", cls=_Dossier)
def command() -> None:
    """上线卷宗 / Go-live dossier: `nhsa-sim dossier RUN…`, `nhsa-sim dossier verify FILE`."""


@command.command(_MAKE)
@click.argument("runs", nargs=-1, required=True, type=_PATH)
@click.option("-o", "--output", default=Path("dossier.html"), show_default=True, type=_PATH, help="写到 / file")
@click.option("--area", "areas", multiple=True, metavar="AREA", help="只看这些参保地 / requirements of these areas")
@click.option("--title", default="", help="标题，例如城市名 / title, such as the name of the city")
@click.option("--rule", "rule_file", type=_PATH, metavar="FILE", help="自备的结论规则 / a verdict rule of your own")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="语言，默认中文 / language (zh)")
def make(
    runs: tuple[Path, ...], output: Path, areas: tuple[str, ...], title: str, rule_file: Path | None, lang: str | None
) -> None:
    """把各次运行的报告目录合成一个封好的文件 / Make one sealed file from report folders of runs.

    目录里认得的报告：rehearse 的 results.json 和 mistakes.json，load 的 load.json，upgrade 的 upgrade.json，
    contract check --format json 的结果 /
    Reports known in a folder: results.json and mistakes.json of rehearse, load.json of load, upgrade.json of upgrade,
    and the result of contract check --format json.

    退出码：0 可以上线，1 不可以或没有证明，2 没能做成 / Exit code 0: ready, 1: not ready or not proved, 2: not made.
    """
    from simulator.dossier.content import READY, content_of
    from simulator.dossier.page import write_page
    from simulator.dossier.run_folders import read_folders
    from simulator.dossier.seal import check_seal
    from simulator.dossier.verdict_rule import load_rule

    for area in areas:
        if not re.fullmatch(r"[0-9]{6}", area):
            raise SetupError(text("dossier.bad_area", got=area))
    rule = load_rule(rule_file)
    with speaking(_language(lang)):
        content = content_of(read_folders(runs), rule, areas, title)
        page = write_page(content)
        try:
            output.write_text(page, encoding="utf-8", newline="")
        except OSError as error:
            raise SetupError(text("harness.cannot_write", path=output, problem=error.strerror or "")) from None
        verdict = content["verdict"]["verdict"]
        click.echo(text(f"dossier.name_{verdict}"))
        for each in content["verdict"]["conditions"]:
            if not each["met"]:
                click.echo(f"  {text('dossier.unmet')}  {each['sentence'][_side()]}")
        for name, digest in check_seal(page).digests.items():
            click.echo(f"  {name}  {digest}")
        click.echo(text("dossier.written", path=output))
    sys.exit(0 if verdict == READY else 1)


@command.command("verify")
@click.argument("file", type=_PATH)
@click.option("--digest", default="", metavar="HEX", help="另处记下的 SHA-256 或 SM3 / digest that was noted elsewhere")
def verify(file: Path, digest: str) -> None:
    """检验封签：是否改过，改在哪里 / Tell whether a dossier was changed, and where.

    退出码：0 没有改过，1 改过，2 不是卷宗 / Exit code 0: unchanged, 1: changed, 2: no dossier.
    """
    from simulator.dossier.seal import check_seal

    if not file.is_file():
        raise SetupError(text("data.no_such_file", path=file))
    try:
        if file.stat().st_size > _LARGEST:
            raise SetupError(text("dossier.too_large", place=file.name, limit=_LARGEST // 1024 // 1024))
        page = file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(
            text("dossier.damaged_report", place=file.name, problem=getattr(error, "strerror", None) or error)
        ) from None
    checked = check_seal(page)
    changed = list(checked.changed)
    wanted = digest.replace(" ", "").lower()
    if wanted and wanted not in checked.digests.values():
        changed.append(text("dossier.other_digest", digest=wanted))
    for each in changed:
        click.echo(each)
    click.echo(text("dossier.verified_changed" if changed else "dossier.verified"))
    for name, value in checked.digests.items():
        click.echo(f"  {name}  {value}")
    sys.exit(1 if changed else 0)


def _language(asked: str | None) -> str:
    """The language asked for here or of the whole command; Chinese otherwise, whatever the locale is."""
    root = click.get_current_context().find_root().params
    return asked or root.get("lang") or "zh"


def _side() -> str:
    from simulator.core.texts import language

    return language()

"""`nhsa-sim contract`: editions, and what can be asked of them without any server."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from simulator.contract import Contract, contract_of, load_edition
from simulator.contract.edition_rows import ENVELOPE
from simulator.core.errors import DataFault, DataFaults
from simulator.core.schema_errors import hint
from simulator.core.texts import text

if TYPE_CHECKING:
    from simulator.contract.layout import Variant

EDITION = click.option(
    "--edition", default="national", show_default=True, help="规范版本的名称或文件夹 / edition: a name or a folder"
)


@click.group("contract")
def command() -> None:
    """规范：查看、检查报文、比较版本、导出 / The interface: look up, check, compare, export."""


@command.command("check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--edition", default="", help="规范版本，默认录制中写明的，否则 national / edition (as recorded, national)"
)
@click.option(
    "--strict/--lenient", default=None, help="严格，或已知的习惯只警告；默认如录制，否则严格 / default: as recorded"
)
@click.option("--format", "form", type=click.Choice(["text", "json", "junit", "sarif"]), default="text")
@click.option("--output", type=click.Path(path_type=Path), help="写到文件 / write to a file")
@click.option("--infno", default="", help="无请求的应答属于哪个交易 / transaction of answers without their request")
@click.option("--agency", is_flag=True, help="报文是平台与参保地之间的 / between platform and insured place")
@click.option("--account-in-fund", is_flag=True, help="fund_pay_sumamt 含个人账户 / it includes the account")
@click.option("--unmasked", is_flag=True, help="不遮蔽身份信息 / show identity data")
def check(
    paths: tuple[Path, ...],
    edition: str,
    *,
    strict: bool | None,
    form: str,
    output: Path | None,
    infno: str,
    agency: bool,
    account_in_fund: bool,
    unmasked: bool,
) -> None:
    """检查录下的报文 / Check recorded messages.

    PATH: 单个报文、JSON Lines、HAR、GET /_sim/messages 的应答，或其文件夹。
    退出码 0 无错误，1 有错误，2 无法运行 / exit code 0 clean, 1 errors, 2 broken run.
    """
    from simulator.contract.checking import Checking
    from simulator.contract.checking.fault_reports import REPORTS
    from simulator.contract.checking.masked import masked
    from simulator.contract.lookup import refuse_unserved
    from simulator.contract.recordings import recorded_files

    files = recorded_files(paths)
    run = Checking(_contract_for(edition, always_agency=agency), strict, account_in_fund, assumed=infno)
    known = run.contract_for("hospital", "")
    if infno:
        refuse_unserved(known, infno)
    with _written_to(output) as out, _progress(files) as advance:
        report = REPORTS[form](out)
        for found in run.files(files, advance):
            report.found(found if unmasked else masked(found))
        report.end(run)
    sys.exit(1 if run.errors else 0)


def _contract_for(asked: str, *, always_agency: bool) -> Callable[[str, str], Contract]:
    """The edition asked for, else the one that the recording names, else the default."""

    @cache
    def contract_for(side: str, recorded: str) -> Contract:
        edition = asked or recorded or "national"
        return contract_of(edition, ("agency",) if always_agency or side == "agency" else ())

    return contract_for


@contextlib.contextmanager
def _written_to(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
        return
    try:
        with output.open("w", encoding="utf-8") as file:
            yield file
    except OSError as error:
        sentence = text("contract.cannot_write", problem=error.strerror)
        raise DataFaults([DataFault(sentence, file=str(output))]) from None


@contextlib.contextmanager
def _progress(files: list[Path]) -> Iterator[Callable[[int], object]]:
    """Progress bar by bytes on a terminal; silent where the output is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    total = sum(file.stat().st_size for file in files)
    with click.progressbar(length=total, file=sys.stderr, label=str(text("contract.checking"))) as bar:
        yield bar.update


@command.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--format", "form", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="写到文件 / write to a file")
@click.option("--infno", multiple=True, help="只比这些交易 / these transactions only")
@click.option("--fail-on", type=click.Choice(["breaking", "risky"]), help="有这样的改动时退出码 1 / exit with 1 then")
def diff(old: str, new: str, form: str, output: Path | None, infno: tuple[str, ...], fail_on: str | None) -> None:
    """比较两个规范版本 / Compare two editions.

    OLD 与 NEW 是版本名或文件夹 / names or folders of editions, such as hunan-1.3 jiangxi-1.0.
    """
    from simulator.contract.diff import compare
    from simulator.contract.diff.difference_reports import FORMS

    before, after = load_edition(old), load_edition(new)
    known = [*before.transactions, *after.transactions, ENVELOPE]
    unknown = [each for each in infno if each not in known]
    if unknown:
        raise DataFaults(
            [DataFault(text("contract.in_neither", infno=each, hint=hint(each, known))) for each in unknown]
        )
    difference = compare(before, after)
    if infno:
        difference = difference.of(infno)
    with _written_to(output) as out:
        out.write(FORMS[form](difference))
    sys.exit(1 if fail_on and difference.reaches(fail_on) else 0)


@command.command("list")
@EDITION
@click.option("--all", "everything", is_flag=True, help="也列出只知其名的 / those known by name only, too")
def list_(edition: str, *, everything: bool) -> None:
    """列出交易 / List the transactions of an edition."""
    from simulator.contract.lookup import columns, transaction_lines

    contract = contract_of(edition)
    served = sum(contract.serves(infno) for infno in contract.edition.transactions)
    listed = len(contract.edition.transactions) - served
    click.echo(text("contract.list_heading", title=contract.edition.title, served=served, listed=listed))
    for line in columns(transaction_lines(contract, served_only=not everything)):
        click.echo(line)


@command.command("show")
@click.argument("infno")
@EDITION
@click.option("--direction", type=click.Choice(["in", "out"]), help="只看请求或应答 / the request or the answer only")
def show(infno: str, edition: str, direction: str | None) -> None:
    """一个交易的字段、必填、代码与存疑（ENVELOPE 为报文头） / The fields of a transaction (ENVELOPE: the header)."""
    from simulator.contract.lookup import columns, field_lines, refuse_unserved

    contract = contract_of(edition)
    refuse_unserved(contract, infno)
    known = contract.edition.transactions.get(infno)
    click.echo(f"{infno} {known.name_zh}  {known.note}" if known else infno)
    for side in [direction] if direction else ["in", "out"]:
        click.echo()
        click.echo(text("contract.show_request" if side == "in" else "contract.show_answer"))
        if not contract.edition.rows_of(infno, side):
            click.echo(text("contract.show_nothing"))
            continue
        for line in columns(field_lines(contract, infno, side)):
            click.echo(line)


@command.command("codes")
@click.argument("table")
@EDITION
def codes(table: str, edition: str) -> None:
    """一个代码表 / A code table."""
    from simulator.contract.lookup import code_lines, columns

    for line in columns(code_lines(contract_of(edition), table)):
        click.echo(line)


@command.command("example")
@click.argument("infno")
@EDITION
@click.option("--direction", type=click.Choice(["in", "out"]), default="in", show_default=True)
@click.option("--remote", is_flag=True, help="就医地与参保地不同 / treatment place and insured place differ")
@click.option("--full", is_flag=True, help="可空字段也填 / optional fields too")
@click.option("--body", is_flag=True, help="只要 input 或 output / the value of input or output only")
@click.option("--bad", is_flag=True, help="每种错法一行 / one line a near-miss")
@click.option("--kind", default="", help="只要这一类错例 / near-misses of this kind only")
def example_(
    infno: str, edition: str, direction: str, *, remote: bool, full: bool, body: bool, bad: bool, kind: str
) -> None:
    """合法的示例报文，或差一点的错例 / A valid message, or those that miss by one thing."""
    from simulator.contract.example import example, example_message
    from simulator.contract.layout import LOCAL, REMOTE
    from simulator.contract.lookup import refuse_unserved

    contract = contract_of(edition)
    refuse_unserved(contract, infno)
    variant = REMOTE if remote else LOCAL
    whole = example_message(contract, infno, direction, variant, full=full)
    if bad or kind:
        _print_near_misses(contract, infno, direction, variant, None if body else whole, kind)
    else:
        _print_json(example(contract, infno, direction, variant, full=full) if body else whole, indent=2)


def _print_near_misses(
    contract: Contract, infno: str, direction: str, variant: "Variant", whole: dict[str, object] | None, kind: str
) -> None:
    from simulator.contract.negative_examples import KINDS, negative_examples

    if kind and kind not in KINDS:
        raise DataFaults([DataFault(text("contract.no_near_miss", kind=kind, kinds=", ".join(KINDS)))])
    inner = "input" if direction == "in" else "output"
    for miss in negative_examples(contract, infno, direction, variant):
        if not kind or miss.kind == kind:
            shown = miss.body if whole is None else whole | {inner: miss.body}
            _print_json({"kind": miss.kind, "rule": miss.rule, "path": miss.path, "message": shown})


def _print_json(value: object, indent: int | None = None) -> None:
    from simulator.contract.export.openapi import plain_json

    click.echo(json.dumps(plain_json(value), ensure_ascii=False, indent=indent))


@command.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@EDITION
def export(folder: Path, edition: str) -> None:
    """导出 JSON Schema、OpenAPI、代码表与电子表格 / Export schemas, OpenAPI, code tables, spreadsheets."""
    from simulator.contract.export import export_edition

    contract = contract_of(edition)
    count = export_edition(contract, folder)
    click.echo(text("contract.exported", edition=contract.label, count=count, folder=folder))


@command.command("new")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--from", "base", default="national", show_default=True, help="底版的名称或文件夹 / what it builds on")
@click.option("--name", default="", help="版本名，默认取文件夹名 / its name, by default the folder's")
def new(folder: Path, base: str, name: str) -> None:
    """新建自己的规范版本 / Start an edition of your own."""
    from simulator.contract.new_edition import start_edition

    start_edition(folder, base, name)
    click.echo(text("contract.started", folder=folder, base=base))


@command.command("coverage")
@click.argument("scenarios", nargs=-1, type=click.Path(path_type=Path))
@click.option("--edition", "editions", multiple=True, help="版本，可多个 / editions (default: all shipped)")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option(
    "--only", type=click.Choice(["all", "tables", "handled"]), help="有字段表的、平台办理的 / with tables, handled"
)
@click.option("--output", type=click.Path(path_type=Path), help="写到文件 / write to a file")
@click.option(
    "--fail-on", type=click.Choice(["scenario", "example"]), multiple=True, help="缺这一项时退出码 1 / exit with 1 then"
)
def coverage_(
    scenarios: tuple[Path, ...],
    editions: tuple[str, ...],
    form: str,
    only: str | None,
    output: Path | None,
    fail_on: tuple[str, ...],
) -> None:
    """交易 × 版本：字段表、示例、办理、场景 / Transactions by editions: contract, example, handler, scenario.

    SCENARIOS: 场景文件或文件夹，默认随产品的场景 / scenario files or folders, by default the shipped ones.
    """
    from simulator.contract.example_coverage import EDITIONS
    from simulator.coverage import FORMS, coverage

    found = coverage(editions or EDITIONS, scenarios)
    with _written_to(output) as out:
        out.write(FORMS[form](found, **({"which": only} if only else {})))
    sys.exit(1 if any(found.gaps(kind) for kind in fail_on) else 0)

"""`nhsa-sim rehearse`: plays scenarios in the three uses, and says whether all is well."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from simulator.core.errors import SetupError
from simulator.core.texts import text

if TYPE_CHECKING:
    from simulator.harness.environment.expected_failures import ExpectedFailures
    from simulator.harness.environment.plan import Plan
    from simulator.harness.scenario.definition import Scenario

USES = ("self", "insured", "treatment")
_PATH = click.Path(path_type=Path)
_REPORT = Path("rehearsal")
_DAY = click.DateTime(["%Y-%m-%d"])
_FOR_AGENCY_S, _FOR_HOSPITAL_S = 10.0, 120.0


def _tell_schema(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(resources.files("simulator.harness.scenario").joinpath("scenario.schema.json"))
        context.exit()


def _take_settings(context: click.Context, parameter: click.Parameter, folder: Path | None) -> Path | None:
    """Makes the options of the run kept in a folder the defaults of this one."""
    if folder is None:
        return None
    from simulator.harness.execution.kept_run import kept_settings

    if context.default_map:
        raise SetupError(text("harness.resume_or_rerun"))
    kept = {name: value for name, value in kept_settings(folder).items() if name in _KEPT}
    again = parameter.name == "rerun_failed"
    # What was recorded of the whole run must outlast the part of it that is played again.
    dropped = ("record", "unmasked") if again else ()
    context.default_map = {name: value for name, value in kept.items() if name not in dropped} | {"report": folder}
    return folder


_KEPT = (
    *("paths", "words", "marks", "stop_at_first", "uses", "agencies", "agency_capability", "hospitals"),
    *("hospital_capability", "start", "patience", "platform", "sandbox", "port", "city", "data", "cast_file"),
    *("expected_failures", "seed", "record", "unmasked", "keep"),
)
"""Options that a run hands to the one that goes on with it; the token is never kept."""


@click.command("rehearse")
@click.argument("paths", nargs=-1, type=_PATH)
@click.option("-k", "words", default="", metavar="EXPR", help="按词选场景 / scenarios by words: and, or, not, ( )")
@click.option("-m", "marks", default="", metavar="MARK", help="按标记选场景 / scenarios by marks")
@click.option("-x", "stop_at_first", is_flag=True, help="遇到第一个失败就停 / stop at the first failure")
@click.option("--use", "uses", multiple=True, type=click.Choice(USES), help="用法，可多次；默认三种 / uses (all)")
@click.option("--agency", "agencies", multiple=True, metavar="AREA=URL", help="参保地真实系统 / a real insured place")
@click.option("--agency-capability", multiple=True, metavar="NAME=VALUE", help="它的能力 / what it can")
@click.option(
    "--hospital", "hospitals", multiple=True, metavar="AREA", help="就医地真实医院 / real hospitals of an area"
)
@click.option("--hospital-capability", multiple=True, metavar="NAME=VALUE", help="它们的能力 / what they can")
@click.option("--start", type=_DAY, help="场景改在这一天开始 / the day on which scenarios begin")
@click.option("--patience", default=0.0, metavar="SECONDS", help="等真实系统多久 / how long to wait for a real system")
@click.option("--platform", default="", metavar="URL", help="用已启动的平台 / a platform that is up already")
@click.option("--sandbox", default="", metavar="NAME", help="就医地用法的沙箱 / sandbox of the treatment use")
@click.option("--port", default=0, help="自启平台的端口 / port of the platform started here")
@click.option("--token", default="", envvar="NHSA_SIM_TOKEN", help="控制接口令牌 / token of control")
@click.option("--city", default="", metavar="AREA=FILE", help="让场景改在这个城市演 / move the scenarios to this city")
@click.option("--data", default="", help="自备数据目录 / folder with your own policies, catalogues, institutions")
@click.option("--cast", "cast_file", type=_PATH, help="演员表 / cast file")
@click.option("--expected-failures", type=_PATH, metavar="FILE", help="已知未通过的场景 / scenarios known to fail")
@click.option("--seed", default=230900, show_default=True, help="人员生成种子 / seed of people")
@click.option("--report", default=_REPORT, show_default=True, type=_PATH, help="报告目录 / folder")
@click.option("--record", type=_PATH, metavar="FILE", help="把报文录成 JSON Lines / write every message to FILE")
@click.option("--unmasked", is_flag=True, help="录下的报文不遮蔽身份信息 / leave identity data in what is recorded")
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_schema,
    help="场景文件的 JSON Schema 在哪里，供编辑器补全 / where editors find the schema of a scenario file",
)
@click.option(
    "--resume",
    type=_PATH,
    is_flag=False,
    flag_value=_REPORT,
    is_eager=True,
    callback=_take_settings,
    metavar="[FOLDER]",
    help="接着演中断的预演，沿用其选项 / go on with an interrupted run, with its options",
)
@click.option(
    "--rerun-failed",
    type=_PATH,
    is_flag=False,
    flag_value=_REPORT,
    is_eager=True,
    callback=_take_settings,
    metavar="[FOLDER]",
    help="只重演上次未通过的，沿用其选项 / play again what failed, with the options of that run",
)
@click.option("--keep", is_flag=True, help="保留沙箱 / keep the sandboxes")
@click.option("-q", "--quiet", is_flag=True, help="只显示未通过的 / tell only what did not pass")
@click.option(
    "--self-check", is_flag=True, help="用各带一个已知缺陷的参考系统检验预演本身 / check the rehearsal itself"
)
@click.option("--defect", "defects", multiple=True, metavar="NAME", help="只检验这些缺陷，可多次 / only these defects")
@click.option("--json", "as_json", is_flag=True, help="结果写成 JSON / results, or verdicts of a self-check, as JSON")
def command(
    paths: tuple[Path, ...],
    report: Path,
    quiet: bool,
    record: Path | None,
    unmasked: bool,
    self_check: bool,
    defects: tuple[str, ...],
    as_json: bool,
    resume: Path | None,
    rerun_failed: Path | None,
    **options: Any,
) -> None:
    """联调预演 / Rehearse.

    不给参数：自己启动平台、参考经办机构、参考医院，三种用法各演一遍。给出 PATHS 则只演这些场景文件或目录 /
    Without arguments a platform, agencies and hospitals are started here and all three uses are played; PATHS are
    scenario files or folders.

    退出码：0 全部通过，1 有发现，2 预演本身没能进行 / Exit code 0: all green, 1: findings, 2: the run itself is broken.
    """
    from simulator.harness.environment.modes import NATIONAL
    from simulator.harness.execution.kept_run import KeptRun, failed_in, only_of, progress_of
    from simulator.harness.execution.rehearsal import rehearse
    from simulator.harness.report.console import Console, JsonConsole
    from simulator.harness.report.recording import recording
    from simulator.harness.report.writers import RESULTS, Reports

    if self_check:
        _refuse_others_in_self_check(options)
        _check_itself(paths, options, defects, as_json=as_json)
    if defects:
        raise SetupError(text("self_check.only_with_self_check"))
    if unmasked and record is None:
        raise SetupError(text("harness.unmasked_without_record"))
    only = failed_in(rerun_failed, _NOT_GREEN, RESULTS) if rerun_failed is not None else only_of(resume)
    plan = _plan(paths, options | {"recorded": record is not None, "only": only, "report": report})
    spoken = str(plan.capabilities.get("edition", NATIONAL))
    progress = progress_of(resume, plan) if resume is not None else None
    reports = Reports(report, tell=not (quiet or as_json))
    kept = KeptRun(report, plan, _settings(), resumed=resume)
    if progress is not None and not as_json:
        done = len(progress.results)
        click.echo(text("harness.resumed", started=progress.started, done=done, left=plan.turns - done))
    console = JsonConsole() if as_json else Console(quiet=quiet)
    # Closed at once when interrupted, so that what was started ends before this command does.
    with (
        recording(record, spoken, unmasked=unmasked, resumed=resume is not None) as written,
        closing(rehearse(plan, progress)) as events,
    ):
        for event in events:
            written(event)
            kept.take(event)
            console.take(event)
            reports.take(event)
    kept.close()
    sys.exit(reports.exit_code)


_NOT_GREEN = frozenset({"failed", "broken"})


def _settings() -> dict[str, Any]:
    """Options of this run as JSON."""
    given = {name: value for name, value in click.get_current_context().params.items() if name in _KEPT}
    return {name: _as_json(value) for name, value in given.items()}


def _as_json(value: object) -> Any:
    if isinstance(value, tuple):
        return [_as_json(each) for each in value]
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value) if isinstance(value, Path) else value


_OF_SELF_CHECK = ("words", "marks", "seed")
"""Options of the selection and the seed, which a self-check takes beside its own."""


def _refuse_others_in_self_check(options: Mapping[str, Any]) -> None:
    context = click.get_current_context()
    for name in options:
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if given and name not in _OF_SELF_CHECK:
            raise SetupError(text("self_check.not_in_self_check", option=name))


def _check_itself(
    paths: tuple[Path, ...], options: Mapping[str, Any], names: Sequence[str], *, as_json: bool
) -> NoReturn:
    """Plays the reference systems with one defect at a time; exits with 1 where one is missed or a sound one fails."""
    from simulator.harness.scenario.library import load
    from simulator.harness.scenario.selection import Selection
    from simulator.self_check.bench import bench
    from simulator.self_check.catalogue import chosen
    from simulator.self_check.report import heading, line, sums_line, verdicts_as_json
    from simulator.self_check.verdicts import DefectVerdict, check, sums

    asked = chosen(names)
    scenarios = load(paths, Selection(options["words"], options["marks"]))
    if not scenarios:
        raise SetupError(text("harness.nothing_chosen", words=options["words"] or "-", marks=options["marks"] or "-"))
    verdicts: list[DefectVerdict] = []
    if not as_json:
        click.echo(heading())
    with bench(scenarios, options["seed"]) as ready:
        for each in check(ready, asked):
            verdicts.append(each)
            if not as_json:
                click.echo(line(each))
    found = sums(verdicts)
    click.echo(verdicts_as_json(verdicts) if as_json else sums_line(found))
    sys.exit(found.exit_code)


def _plan(paths: tuple[Path, ...], options: Mapping[str, Any]) -> "Plan":
    """Plan from the command line; raises SetupError and DataFaults."""
    from simulator.harness.environment.modes import read_capabilities, refuse_strangers
    from simulator.harness.environment.personas import read_personas
    from simulator.harness.environment.plan import Plan
    from simulator.harness.execution.kept_run import PROGRESS, STORE
    from simulator.harness.scenario.date_shift import begin_on
    from simulator.harness.scenario.library import load
    from simulator.harness.scenario.selection import Selection

    scenarios = load(paths, Selection(options["words"], options["marks"]))
    if not scenarios:
        raise SetupError(text("harness.nothing_chosen", words=options["words"] or "-", marks=options["marks"] or "-"))
    if options["data"] and not Path(options["data"]).is_dir():
        raise SetupError(text("harness.no_folder", path=options["data"]))
    agencies = dict(_area_and_url(each) for each in options["agencies"])
    can, hospital_can = (read_capabilities(options[f"{side}_capability"]) for side in ("agency", "hospital"))
    day = _start(options["start"], can, hospital_can)
    scenarios = [begin_on(each, day) for each in scenarios] if day is not None else scenarios
    scenarios, treated, city = _moved(scenarios, options["city"], options["data"])
    refuse_strangers([each for each in scenarios if each.unreachable is None], list(agencies), ())
    refuse_strangers([each for each in treated if each.unreachable is None], (), options["hospitals"])
    return Plan(
        scenarios,
        uses=_uses(options["uses"], agencies=bool(agencies), hospitals=bool(options["hospitals"])),
        agencies=agencies,
        capabilities=can,
        hospital_capabilities=hospital_can,
        start=day,
        patience_s=options["patience"] or (_FOR_HOSPITAL_S if options["hospitals"] else _FOR_AGENCY_S),
        data=str(Path(options["data"]).resolve()) if options["data"] else "",
        personas=read_personas(options["cast_file"]) if options["cast_file"] else None,
        paths=paths,
        city=city,
        treated=treated,
        expected=_expected(options, scenarios, [*agencies, *options["hospitals"]]),
        store=Path(options["report"]).resolve() / PROGRESS / STORE if options["hospitals"] else None,
        command=_replay(options["seed"]),
        rerun=_rerun(options, day),
        **{name: options[name] for name in _AS_GIVEN},
    )


def _expected(
    options: Mapping[str, Any], scenarios: "Sequence[Scenario]", areas: Sequence[str]
) -> "ExpectedFailures | None":
    if options["expected_failures"] is None:
        return None
    from simulator.harness.environment.expected_failures import read_expected_failures
    from simulator.harness.scenario.library import shipped_names

    known = dict.fromkeys([*(each.id for each in scenarios), *shipped_names()])
    found = read_expected_failures(options["expected_failures"], known, _today())
    found.refuse_other_city(areas)
    return found


def _moved(
    scenarios: "list[Scenario]", written: str, data: str
) -> "tuple[list[Scenario], list[Scenario], tuple[str, Path] | None]":
    """Scenarios with the city as insured place, the same with it as treatment place, and its area and file."""
    if not written:
        return scenarios, scenarios, None
    from simulator.harness.scenario.definition import INSURED, TREATMENT
    from simulator.platform import load_defaults
    from simulator.relocation import open_library, relocate

    books = load_defaults(data)
    city, library = open_library(written, books.policies, books.institutions, books.catalogues)
    insured, treated = ([relocate(each, city, library, use) for each in scenarios] for use in (INSURED, TREATMENT))
    return insured, treated, (city.area, city.file.resolve())


_AS_GIVEN = ("seed", "hospitals", "sandbox", "platform", "token", "port", "keep", "stop_at_first", "recorded", "only")


def _start(asked: datetime | None, *capabilities: Mapping[str, object]) -> date | None:
    """The day asked for; for a system that goes by its own clock today, in Beijing; else each scenario's own."""
    if asked is not None:
        return asked.date()
    own = any(each.get("clock") == "own" for each in capabilities)
    return _today() if own else None


def _today() -> date:
    """The day in Beijing."""
    return datetime.now(timezone(timedelta(hours=8))).date()


def _uses(asked: Sequence[str], *, agencies: bool, hospitals: bool) -> tuple[str, ...]:
    """Uses to play: those asked for, else those in which the given real systems take part, else all."""
    if asked:
        return tuple(use for use in USES if use in asked)
    if agencies or hospitals:
        return tuple(use for use, there in (("insured", agencies), ("treatment", hospitals)) if there)
    return USES


def _area_and_url(written: str) -> tuple[str, str]:
    area, _, url = written.partition("=")
    if not (len(area) == 6 and area.isascii() and area.isdigit() and url):
        raise SetupError(text("harness.bad_agency", got=written))
    return area, url


def _replay(seed: int) -> str:
    """The command as it was typed, with the seed."""
    words = sys.argv[1:]
    return shlex.join(["nhsa-sim", *words, *([] if "--seed" in " ".join(words) else ["--seed", str(seed)])])


def _rerun(options: Mapping[str, Any], day: date | None) -> str:
    """The beginning of a command that plays one scenario against the same systems."""
    words = ["nhsa-sim", "rehearse"]
    for name, key in (("--agency", "agencies"), ("--hospital", "hospitals")):
        for value in options[key]:
            words += [name, value]
        for value in options[f"{name[2:]}_capability"]:
            words += [f"{name}-capability", value]
    given = {name: options[name] for name in ("platform", "sandbox", "data", "city")}
    given |= {"cast": options["cast_file"], "start": day, "expected-failures": options["expected_failures"]}
    for name, one in given.items():
        words += [f"--{name}", str(one)] if one else []
    return shlex.join(words)

"""Bench, `python -m simulator.loadtests.bench`: the cost of a message next to a trivial route on the same server.

Rounds of both alternate in one run, with one generator, so what else the machine does falls on both. The ratio and the
failures decide the exit code; every other figure stands beside its limit, and `--strict` lets all of them decide.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from simulator.core.errors import SimulatorError
from simulator.core.settings import Settings
from simulator.core.texts import text
from simulator.loadtests import chores, processes
from simulator.loadtests.control import Control
from simulator.loadtests.figures import Figure, Round, at_most, figure_lines, passed, ratio_of, told
from simulator.loadtests.generator import Measured, drive
from simulator.loadtests.mix import Mix, load_mix
from simulator.loadtests.processes import Server
from simulator.loadtests.sources import Constant, Visits
from simulator.loadtests.stage import people_the_stage, set_the_stage

CHECKED = 10_000
LINES = ("path", "people", "check", "start", "memory")


@dataclass(frozen=True, slots=True)
class Plan:
    """Amount of work to measure."""

    mix: Mix
    rounds: int
    seconds: float
    connections: int
    threads: int
    people: int = 32_000
    checked: int = CHECKED
    starts: int = 3
    flat: int = 0
    lines: tuple[str, ...] = LINES

    def quickly(self) -> "Plan":
        """Plan with every measurement once and small: shows that the bench runs, gives no reliable figure."""
        mix = replace(self.mix, people=min(self.mix.people, 40))
        return replace(self, mix=mix, rounds=1, seconds=0.5, people=500, checked=100, starts=1, flat=min(self.flat, 20))


@dataclass(slots=True)
class Track:
    """Both servers with what is sent to them, and what came of it."""

    platform: Server
    trivial: Server
    control: Control
    visits: list[Visits]
    journey: Measured
    constant: Measured
    journey_cpu_s: float = 0.0
    trivial_cpu_s: float = 0.0


def run(plan: Plan, tell: Callable[[str], None]) -> list[Figure]:
    """Measures everything of the plan."""
    found: list[Figure] = []
    with TemporaryDirectory(prefix="nhsa-sim-bench-") as name:
        folder = Path(name)
        if "path" in plan.lines:
            found += _path(plan, folder, tell)
        if "people" in plan.lines:
            tell(str(text("load.bench_people")))
            found.append(chores.people(folder / "people", plan.people))
        if "start" in plan.lines:
            tell(str(text("load.bench_start")))
            found.append(chores.start(folder / "start", plan.starts))
    return found


def _path(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    threads = ["--threads", str(plan.threads)]
    with ExitStack() as stack:
        platform = stack.enter_context(processes.platform(folder / "platform", *threads))
        idle = platform.usage()
        words, port = ["-m", "simulator.loadtests.trivial", *threads], processes.free_port()
        url, log = f"http://127.0.0.1:{port}", folder / "trivial.log"
        trivial = stack.enter_context(processes.python([*words, "--port", str(port)], url, log, ready="/readyz"))
        control = Control(platform.url)
        people_the_stage(control, plan.mix, plan.mix.people)
        stage = set_the_stage(control, plan.mix)
        visits = [Visits(stage, number, plan.connections) for number in range(plan.connections)]
        path = Track(platform, trivial, control, visits, Measured(), Measured())
        rounds = _rounds(plan, path, tell)
        yield from _path_figures(plan, path, rounds)
        yield chores.books(control)
        if "memory" in plan.lines:
            yield from chores.memory(idle, platform.usage(), len(path.journey.nanoseconds))
        if "check" in plan.lines:
            tell(str(text("load.bench_check")))
            yield chores.contract_check(folder, platform.url, visits, plan.checked)
        if plan.flat:
            yield from chores.flat(path.platform, stage, plan.connections, plan.flat, plan.seconds, tell)


def _rounds(plan: Plan, path: Track, tell: Callable[[str], None]) -> list[Round]:
    """The two by turns, the order changing; the first round of each only warms up."""
    constant = [Constant(b'{"infno":"9001"}') for _ in range(plan.connections)]
    warm = min(1.0, plan.seconds)
    drive(path.trivial.url, constant, warm)
    path.journey.problems.update(drive(path.platform.url, path.visits, warm).problems)
    rounds = []
    for number in range(plan.rounds):
        order = ("trivial", "journey") if number % 2 else ("journey", "trivial")
        rates = {}
        for which in order:
            rates[which] = _one(path, which, constant, plan.seconds)
        rounds.append(Round(rates["journey"], rates["trivial"]))
        values = {name: f"{rate:.0f}" for name, rate in rates.items()}
        tell(str(text("load.bench_round", number=number + 1, ratio=f"{rounds[-1].ratio:.3f}", **values)))
    return rounds


def _one(path: Track, which: str, constant: list[Constant], seconds: float) -> float:
    server = path.platform if which == "journey" else path.trivial
    before = server.usage()
    measured = drive(server.url, path.visits if which == "journey" else constant, seconds)
    after = server.usage()
    used = after.cpu_s - before.cpu_s if after and before else 0.0
    if which == "journey":
        path.journey.absorb(measured)
        path.journey_cpu_s += used
    else:
        path.constant.absorb(measured)
        path.trivial_cpu_s += used
    return measured.rate


def _path_figures(plan: Plan, path: Track, rounds: list[Round]) -> Iterator[Figure]:
    journey, constant = path.journey, path.constant
    yield ratio_of(rounds)
    yield at_most("failures", journey.failures + constant.failures, 0, "", gates=True)
    for problem, count in (journey.problems + constant.problems).most_common(5):
        yield told("problem", f"{count} × {problem}")
    yield told("rate", f"{journey.rate:.0f}/s, p50 {journey.at(0.5):.1f} ms, p99 {journey.at(0.99):.1f} ms")
    yield told("trivial", f"{constant.rate:.0f}/s, p50 {constant.at(0.5):.1f} ms, p99 {constant.at(0.99):.1f} ms")
    yield told("cpu", _per_message(path.journey_cpu_s, journey))
    yield told("cpu_trivial", _per_message(path.trivial_cpu_s, constant))
    yield told(
        "setting", f"{plan.connections} × keep-alive, {plan.threads} threads, {plan.rounds} × {plan.seconds:g} s"
    )


def _per_message(cpu_s: float, measured: Measured) -> str:
    count = len(measured.nanoseconds)
    return f"{cpu_s / count * 1e6:.0f} µs" if cpu_s and count else "-"


@click.command()
@click.option("--quick", is_flag=True, help="一切只跑一小遍 / everything once and small")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 100), help="轮数 / rounds")
@click.option("--seconds", default=4.0, show_default=True, type=click.FloatRange(0.2, 600), help="每轮 / of each")
@click.option("--connections", default=16, show_default=True, type=click.IntRange(1, 1000), help="连接 / connections")
@click.option("--threads", default=Settings().threads, show_default=True, help="两边的处理线程 / threads of both")
@click.option("--mix", type=click.Path(path_type=Path), help="业务构成文件 / file: what the hospitals do")
@click.option("--only", "lines", multiple=True, type=click.Choice(LINES), help="只量这些 / these lines only")
@click.option(
    "--flat", default=0, metavar="N", type=click.IntRange(0), help="直到 N 笔结算在库 / up to N settlements kept"
)
@click.option("--strict", is_flag=True, help="每条限值都决定退出码 / every limit decides the exit code")
@click.option("--json", "file", type=click.Path(path_type=Path), help="也写成 JSON / write as JSON too")
def main(
    quick: bool, mix: Path | None, lines: tuple[str, ...], strict: bool, file: Path | None, **numbers: float
) -> None:
    """量一条报文的代价 / What a message costs.

    退出码：0 比值达到且无失败，1 未达到，2 没能进行。
    """
    try:
        plan = Plan(load_mix(mix), lines=lines or LINES, **numbers)  # type: ignore[arg-type]  # click gives each its type
        figures = run(plan.quickly() if quick else plan, lambda line: click.echo(line, err=True))
    except SimulatorError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    for line in figure_lines(figures, strictly=strict):
        click.echo(line)
    if file is not None:
        written = [
            {"name": each.name, "measured": each.measured, "limit": each.limit, "kept": each.kept} for each in figures
        ]
        file.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")
    # A quick run is too short to judge speed by; it still fails for a wrong answer.
    judged = [each for each in figures if not quick or each.name != "ratio"]
    sys.exit(0 if passed(judged, strictly=strict and not quick) else 1)


if __name__ == "__main__":
    main()

"""Table of the work ahead of a city: each transaction of the protocol, how often asked, right, wrong, not answered."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from simulator.core.schema_errors import shape
from simulator.core.strict_yaml import parse_yaml
from simulator.core.texts import Text, text
from simulator.harness.execution.results import AskedLeg, Ended
from simulator.harness.scenario.definition import INSURED

FILE, SCHEMA = "protocol_transactions.yaml", "protocol_transactions.schema.json"
WRONG, SILENT, NEVER, DONE = "wrong", "silent", "never", "done"


@dataclass(frozen=True, slots=True)
class BuildRow:
    """Thing to build, with the messages that asked for it in the whole run."""

    numbers: Sequence[str]
    name: Text
    asked: int
    right: int
    wrong: int
    silent: int

    @property
    def state(self) -> str:
        """`wrong` and `silent` are to be mended, `never` was not asked, `done` is ticked."""
        if self.wrong or self.silent:
            return WRONG if self.wrong else SILENT
        return DONE if self.asked else NEVER

    @property
    def verdict(self) -> Text:
        return text(f"harness.build_{self.state}")


def build_rows(ended: Ended) -> list[BuildRow]:
    """Rows of the table, those to be mended first; empty where no city was asked anything."""
    asked = [leg for each in ended.results if each.use == INSURED for leg in each.asked]
    if not asked:
        return []
    order = (WRONG, SILENT, NEVER, DONE)
    rows = [_row(numbers, name, asked) for numbers, name in _protocol().items()]
    return sorted(rows, key=lambda each: order.index(each.state))


def build_lines(rows: Sequence[BuildRow]) -> Iterator[Text]:
    """Lines of the console: rows that are not done, then the numbers of those that are."""
    if not rows:
        return
    yield text("harness.build_title")
    for each in rows:
        if each.state != DONE:
            counts = {name: getattr(each, name) for name in ("asked", "right", "wrong", "silent")}
            numbers = " ".join(each.numbers)
            yield text("harness.build_line", numbers=numbers, name=each.name, state=each.verdict, **counts)
    done = [" ".join(each.numbers) for each in rows if each.state == DONE]
    if done:
        yield text("harness.build_done_line", numbers=", ".join(done))


def _row(numbers: tuple[str, ...], name: Text, asked: Sequence[AskedLeg]) -> BuildRow:
    legs = [each for each in asked if each.infno in numbers]
    silent = sum(each.is_silent for each in legs)
    wrong = sum(each.is_wrong and not each.is_silent for each in legs)
    return BuildRow(numbers, name, len(legs), len(legs) - wrong - silent, wrong, silent)


@cache
def _protocol() -> Mapping[tuple[str, ...], Text]:
    raw = resources.files("simulator.harness.report").joinpath(FILE).read_bytes()
    rows = parse_yaml(raw, FILE, shape("simulator.harness.report", SCHEMA)).data["transactions"]
    return {tuple(each["numbers"]): Text(each["zh"], each["en"]) for each in rows}

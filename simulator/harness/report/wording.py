"""Wording of results: a failure with field, wanted, got, likely cause and the command to rerun it."""

from collections.abc import Iterable
from pathlib import Path

from simulator.core.masking import mask_text
from simulator.core.texts import Text, join, plain, text
from simulator.harness.execution.matching import Mismatch
from simulator.harness.execution.results import FAILED, RunInfo, ScenarioResult, StepResult
from simulator.harness.scenario.definition import Scenario, use_name
from simulator.harness.scenario.loader import shipped_folder

MOST_SHOWN = 12


def failure_text(result: ScenarioResult, info: RunInfo) -> Text:
    """The root cause in a few lines, identities masked."""
    lines = [headline(result)]
    cause = result.root_cause
    line = cause.step.line if cause else 1
    lines.append(plain(f"  {shown_file(result.scenario)}:{line}"))
    lines += [text("harness.noted", note=note) for note in result.notes]
    differences = result.differences
    for difference in differences[:MOST_SHOWN]:
        lines += difference_lines(difference)
    if len(differences) > MOST_SHOWN:
        lines.append(text("harness.and_more", count=len(differences) - MOST_SHOWN))
    lines += _causes(differences)
    lines.append(text("harness.rerun", command=rerun_command(result, info)))
    whole = join(lines, "\n", "\n")
    return masked(whole, result)


def masked(sentence: Text, result: ScenarioResult) -> Text:
    """The sentence without identity data, by shape and by what the messages of the result said of people."""
    return Text(mask_text(sentence.zh, result.identities), mask_text(sentence.en, result.identities))


def shown_file(scenario: Scenario) -> str:
    """The file of a scenario without any path of this machine: inside the library, inside this folder, or its name."""
    file = Path(scenario.file).resolve()
    for base, name in ((shipped_folder().resolve(), "scenarios"), (Path.cwd(), "")):
        if file.is_relative_to(base):
            return (Path(name) / file.relative_to(base)).as_posix()
    return file.name


def lead(result: ScenarioResult) -> Text:
    """Sentence about a failure for a person who knows no step: its first cause, else its first difference."""
    differences = result.differences
    for difference in differences:
        for cause in difference.causes:
            return masked(cause, result)
    if not differences:
        return result.scenario.name
    first = differences[0]
    field = Text(first.field_zh or first.path, first.path)
    said = text("harness.wanted_and_got", field=field, wanted=first.wanted, got=first.got)
    return masked(said, result)


def headline(result: ScenarioResult) -> Text:
    """Scenario, use, step and transaction."""
    return text("harness.failed_at", id=result.scenario.id, use=use_name(result.use), where=_where(result))


def step_name(step: StepResult) -> Text:
    """`第 3.6 步 2207A 门诊结算`."""
    infno = step.step.infno
    return text("harness.step_name", number=step.step.number, infno=f"{infno} " if infno else "", title=step.title)


def difference_lines(difference: Mismatch) -> list[Text]:
    """Field, what was wanted, what came."""
    zh, path = difference.field_zh, difference.path
    name = Text(f"{zh} {path}" if zh else path, path)
    return [
        text("harness.difference_field", field=name),
        text("harness.difference_values", wanted=difference.wanted, got=difference.got),
    ]


def rerun_command(result: ScenarioResult, info: RunInfo) -> str:
    """The command that plays just this scenario in just this use, with the same people."""
    scenario = result.scenario
    shipped = Path(scenario.file).resolve().is_relative_to(shipped_folder().resolve())
    path = scenario.id if shipped else f"{shown_file(scenario)}/{scenario.row}".rstrip("/")
    return f"{info.rerun} {path} --use {result.use} --seed {info.seed}"


def same_cause_text(result: ScenarioResult, first: ScenarioResult) -> Text:
    """Sentence about a failure whose root cause was reported before: its place, and the scenario it shares it with."""
    return text("harness.same_cause", where=_where(result), rule=result.cause, id=first.scenario.id)


def status_reason(result: ScenarioResult) -> Text:
    """Reason why a scenario was not tested, does not apply or is broken; blank when it was played to its end."""
    if result.status == FAILED:
        return headline(result)
    return result.reason or plain("")


def _where(result: ScenarioResult) -> Text:
    cause = result.root_cause
    return step_name(cause) if cause else text("harness.at_the_end")


def _causes(differences: Iterable[Mismatch]) -> list[Text]:
    causes: dict[str, Text] = {}
    for difference in differences:
        for cause in difference.causes:
            causes.setdefault(cause.zh, cause)
    shown = [text("harness.cause", cause=cause) for cause in list(causes.values())[:MOST_SHOWN]]
    return [text("harness.likely_cause"), *shown] if shown else []

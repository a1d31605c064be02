"""Books of an agency that lasts from run to run, looked at before the first scenario is played."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from simulator.core.errors import SetupError
from simulator.core.texts import Text, text
from simulator.harness.environment.modes import Mode
from simulator.harness.execution.roles import balances_kept
from simulator.harness.execution.run_context import RunContext
from simulator.harness.execution.runner import Stage
from simulator.harness.scenario.definition import Scenario


def begin_with_empty_books(
    stage: Stage, mode: Mode, scenarios: Sequence[Scenario], interrupted: Collection[str] = ()
) -> Mode:
    """The mode, no longer lasting where the agency tells that it holds nothing of the people of these scenarios.

    Balances that it does not tell are no empty books: the mode stays lasting, and each scenario asks again.

    Raises SetupError where it has settled for some of them before and is not declared to go on from there; of a
    scenario that was interrupted settlements are no surprise, and it goes on from them.
    """
    if not mode.lasting or stage.personas is not None or mode.capabilities.get("reset") is False:
        return mode
    kept: list[Text] = []
    settled: list[Text] = []
    all_told = True
    sandbox = stage.platform.sandbox(f"{stage.run}-books")
    stage.platform.control("POST", "sandboxes", {"name": sandbox.name, "seed": stage.seed})
    try:
        mode.prepare(sandbox)
        for scenario in scenarios:
            if mode.why_not(scenario) is not None or mode.not_tested(scenario) is not None:
                continue
            context = RunContext(scenario, mode, sandbox, run=stage.run, now=scenario.clock.replace("T", " "))
            balances = balances_kept(context, scenario)
            if balances is None:
                all_told = False
                continue
            kept += [each.told for each in balances[:1]]
            if scenario.id not in interrupted:
                settled += [each.told for each in balances if each.settled_before][:1]
    finally:
        if not stage.keep:
            stage.platform.control("DELETE", f"sandboxes/{sandbox.name}")
    if settled:
        raise SetupError(text("harness.books_not_empty", count=len(settled), history=settled[0]))
    return mode if kept or not all_told else replace(mode, lasting=False)

"""The contract in one line of a test: a message, an exchange, or a recorded file; a breach is an AssertionError."""

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from simulator.contract import contract_of
from simulator.contract.checking import CheckedFault, Checking
from simulator.contract.checking.fault_reports import TextReport
from simulator.contract.checking.masked import masked
from simulator.contract.example import example_message
from simulator.contract.export.openapi import plain_json
from simulator.contract.layout import LOCAL, REMOTE
from simulator.contract.lookup import refuse_unserved
from simulator.contract.recordings import Broken, RecordedLeg, Where, recorded_files
from simulator.contract.recordings.recorded_legs import direction_of, read_text
from simulator.core.errors import SimulatorError
from simulator.core.json_codec import write_json
from simulator.core.texts import text

DEFAULT_EDITION = "national"
Message = Mapping[str, Any] | str | bytes
"""A message as an object, or as it went over the wire."""


class ContractBroken(AssertionError):
    """A message breaks the contract; the text has a line for each breach."""


class ContractChecker:
    """Holds messages to an edition, strictly or with known habits as warnings."""

    def __init__(self, edition: str = "", *, strict: bool = True) -> None:
        self.edition = edition or DEFAULT_EDITION
        self._asked = edition
        self.strict = strict
        contract_of(self.edition)

    def check(
        self, message: Message, *, request: Message | None = None, infno: str = "", unmasked: bool = False
    ) -> None:
        """Raises ContractBroken for a message that breaks the contract.

        An answer does not name its transaction: give the `request` it answers, or its `infno`.
        """
        __tracebackhide__ = True
        self._judge([(message, request)], infno, unmasked=unmasked)

    def check_file(self, *paths: str | Path, infno: str = "", unmasked: bool = False) -> None:
        """The same for recorded files: single messages, JSON Lines, HAR, the platform's journal, or folders of them."""
        __tracebackhide__ = True
        run = self._run(infno)
        files = recorded_files([Path(path) for path in paths])
        self._conclude(run, list(run.files(files)), unmasked=unmasked)

    def faults(self, message: Message, *, request: Message | None = None, infno: str = "") -> list[CheckedFault]:
        """Faults of a message, for a test that inspects them itself."""
        return list(_found_in(self._run(infno), message, request))

    def example(self, infno: str, direction: str = "in", *, remote: bool = True, full: bool = False) -> dict[str, Any]:
        """A valid message to start from."""
        made = example_message(contract_of(self.edition), infno, direction, REMOTE if remote else LOCAL, full=full)
        plain: dict[str, Any] = plain_json(made)
        return plain

    def _judge(self, pairs: Iterable[tuple[Message, Message | None]], infno: str, *, unmasked: bool) -> None:
        __tracebackhide__ = True
        run = self._run(infno)
        found = [each for message, request in pairs for each in _found_in(run, message, request)]
        self._conclude(run, found, unmasked=unmasked)

    def _run(self, infno: str) -> Checking:
        if infno:
            refuse_unserved(contract_of(self.edition), infno)

        def contract_for(side: str, recorded: str) -> Any:
            return contract_of(self._asked or recorded or self.edition, ("agency",) if side == "agency" else ())

        return Checking(contract_for, self.strict, assumed=infno)

    def _conclude(self, run: Checking, found: list[CheckedFault], *, unmasked: bool) -> None:
        __tracebackhide__ = True
        if not any(each.severity == "error" for each in found):
            return
        out = io.StringIO()
        report = TextReport(out)
        for each in found:
            report.found(each if unmasked else masked(each))
        report.end(run)
        strictness = text("testing.strict" if self.strict else "testing.lenient")
        heading = text("testing.contract_broken", edition=self.edition, strictness=strictness)
        raise ContractBroken(f"{heading}\n{out.getvalue()}")


def _found_in(run: Checking, message: Message, request: Message | None) -> Iterable[CheckedFault]:
    if request is not None:
        # What is wrong with the request is not what is asked.
        list(_of(run, request))
        run.messages = run.errors = run.warnings = 0
    yield from _of(run, message)


def _of(run: Checking, message: Message) -> Iterable[CheckedFault]:
    written = _written(message)
    where = Where("message", 1, "", written)
    value = read_text(written, where)
    direction = None if isinstance(value, Broken) else direction_of(value)
    if isinstance(value, Broken):
        yield from run.broken(value)
    elif direction is None:
        yield from run.broken(Broken(where, "not_a_message", text("contract.not_a_message")))
    else:
        # One number for both, so that an answer is held to its request whatever stands in it.
        for found in run.leg(RecordedLeg(where, direction, value, len(written), exchange=1, infno=run.assumed)):
            if found.fault.rule == "answer_alone":
                raise ContractBroken(str(text("testing.answer_of_what")))
            yield found


def _written(message: Message) -> str:
    if isinstance(message, str):
        return message
    try:
        raw = message if isinstance(message, bytes) else write_json(message)
        return raw.decode("utf-8")
    except (TypeError, ValueError, SimulatorError) as error:
        raise ContractBroken(str(text("testing.not_a_message", problem=str(error)))) from None

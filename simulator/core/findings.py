"""Findings: judged facts about messages, to be printed, counted or failed on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from simulator.core.texts import Text

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)


@dataclass(frozen=True, slots=True)
class Finding:
    """Judged fact: rule, severity, path, expected and received value, likely cause."""

    rule: str
    severity: str
    sentence: Text
    path: str = ""
    wanted: str = ""
    got: str = ""
    mistakes: tuple[str, ...] = ()
    """Ids of the mistakes that would explain it."""


class ContractFault(Protocol):
    """Fault that the contract reports, as far as a finding needs it."""

    @property
    def rule(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def got(self) -> str: ...
    @property
    def allowed(self) -> Text: ...
    @property
    def sentence(self) -> Text: ...
    def is_error(self, strict: bool) -> bool: ...


def from_faults(faults: Iterable[ContractFault], *, strict: bool) -> list[Finding]:
    """Contract faults as findings; an unknown field is an error only in strict."""
    return [
        Finding(
            rule=f"contract.{fault.rule}",
            severity=ERROR if fault.is_error(strict) else WARNING,
            sentence=fault.sentence,
            path=fault.path,
            wanted=str(fault.allowed),
            got=fault.got,
        )
        for fault in faults
    ]


def err_msg(sentences: Iterable[Text], limit: int = 200) -> str:
    """As many sentences in Chinese as fit the limit, the first first, then 等N处 for all of them.

    What is allowed is told where there is room for it; naming one fault more is worth more to whoever reads it.
    """
    whole = [sentence.zh for sentence in sentences]
    if not whole:
        return ""
    joined = "；".join(whole)
    if len(joined) <= limit:
        return joined
    brief = [sentence.split(_ALLOWED)[0] for sentence in whole]
    shown: list[str] = []
    for index, sentence in enumerate(brief):
        tail = f"；等{len(brief)}处" if index < len(brief) - 1 else ""
        if len("；".join([*shown, sentence])) + len(tail) > limit:
            break
        shown.append(sentence)
    if not shown:
        suffix = f"；等{len(brief)}处" if len(brief) > 1 else ""
        return brief[0][: limit - len(suffix)] + suffix
    return "；".join(shown) + (f"；等{len(brief)}处" if len(shown) < len(brief) else "")


_ALLOWED = "；应为："
"""Stands in the sentences of the contract before what is allowed."""


def finding_row(finding: Finding, **about: Any) -> Mapping[str, Any]:
    """The columns of the finding table."""
    return {
        **about,
        "severity": finding.severity,
        "rule": finding.rule,
        "path": finding.path[:200],
        "wanted": finding.wanted,
        "got": finding.got,
        "zh": finding.sentence.zh,
        "en": finding.sentence.en,
        "mistakes": " ".join(finding.mistakes),
    }

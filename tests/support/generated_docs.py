"""Blocks and pages that are made from the product; `make docs` writes them.

A block stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`. tests/test_generated_docs.py makes everything
anew and compares, so a page that lags behind the product fails there.
"""

from pathlib import Path

import click
from click.testing import CliRunner

from simulator.cli import cli
from simulator.core.citations import rule_headings, rules, source_headings, sources
from simulator.core.refusals import CALL, refusal_rules
from simulator.core.texts import Text, speaking, text
from simulator.coverage.explanations import SENTENCES
from simulator.coverage.requirements import sections
from simulator.harness.scenario.library import load, scenario_files
from tests.agencies import protocol_reference
from tests.support import areas_table, city_file_page, reliability
from tests.support.page_blocks import with_block

ROOT = Path(__file__).parents[2]
READMES = {"README.md": "en", "README.zh-CN.md": "zh"}
LIBRARY = "scenarios/README.md"
SHOWN_LINES = 15
"""Length of the comparison that the README quotes: enough to show each kind of change once."""


def pages() -> dict[str, str]:
    """Every generated file by its path in the repository, with the text that it should have."""
    made = {name: _readme(name, language) for name, language in READMES.items()}
    for language, suffix in (("en", ""), ("zh", ".zh-CN")):
        with speaking(language):
            made[f"docs/rules{suffix}.md"] = _page_of_rules()
            made[f"docs/sources{suffix}.md"] = _page_of_sources()
            made[f"docs/city-file{suffix}.md"] = city_file_page.with_blocks(written(f"docs/city-file{suffix}.md"))
            made[f"docs/refusals{suffix}.md"] = _page_of_refusals(suffix)
            made[f"docs/reliability{suffix}.md"] = reliability.page()
            made[f"docs/requirements{suffix}.md"] = _page_of_requirements(f"agency-protocol{suffix}.md")
    made[LIBRARY] = with_block(written(LIBRARY), "library", _size_of_the_library())
    reference = str(protocol_reference.PAGE.relative_to(ROOT))
    return {**made, reference: protocol_reference.page(), areas_table.FILE: areas_table.table()}


def written(name: str) -> str:
    """The text that a file has now; empty where it is missing."""
    file = ROOT / name
    return file.read_text(encoding="utf-8") if file.exists() else ""


_RULES = Text(
    """# 规则

[English](rules.md)

两个认真的团队会各自理解的地方，这里写定。除注明来源的以外，都是本产品的规则（[ours](sources.zh-CN.md#source-ours)）；
由城市决定的，写明城市文件的键。引用写作 `rules 18`，编号不重复使用。
本页由 `simulator/core/rules.yaml` 生成（`make docs`）。
""",
    """# Rules

[中文](rules.zh-CN.md)

Two careful teams would read these places differently; here they are settled. The rules are the product's own
([ours](sources.md#source-ours)) unless a source stands beside them; where a city decides, the key of its city file is
named. They are cited as `rules 18`, and no number is given twice. Made from `simulator/core/rules.yaml` (`make docs`).
""",
)
_REQUIREMENTS = Text(
    """# 要求

[English](requirements.md)

[协议](agency-protocol.zh-CN.md)的每一条要求、判定它的规则、涉及它的场景；没有的，写明原因。规则是发现的名字，
`expectation` 为场景自己的期望。上次预演的结果：`nhsa-sim requirements --area 230900`。
本页由 `simulator/coverage/requirements.yaml` 生成（`make docs`）。
""",
    """# Requirements

[中文](requirements.zh-CN.md)

Every promise of the [protocol](agency-protocol.md), the rules that judge it and the scenarios that reach it, or why
none does. Rules are names of findings; `expectation` is what the scenario itself says. With the last result:
`nhsa-sim requirements --area 230900`. Made from `simulator/coverage/requirements.yaml` (`make docs`).
""",
)
_REQUIREMENT_HEAD = Text(
    "| 编号 | 要求 | 规则 | 场景 |\n|---|---|---|---|", "| id | requirement | rules | scenarios |\n|---|---|---|---|"
)
_SOURCES = Text(
    """# 来源

[English](sources.md)

表、城市文件、注释和报告用代号引用来源；表中以 + 相连的是几个来源。这里只列取用的事实。
本页由 `simulator/core/sources.yaml` 生成（`make docs`）。
""",
    """# Sources

[中文](sources.zh-CN.md)

Tables, city files, comments and reports cite sources by code; codes joined with + are several sources. Listed are the
facts taken, in our own words. Made from `simulator/core/sources.yaml` (`make docs`).
""",
)


_REFUSALS = Text(
    """# 拒绝

[English](refusals.md)

平台和经办机构端的每一种拒绝：规则名（与发现的 `rule` 相同）、说法、依据、它保护什么、严格与宽松下的严重程度。
依据 `ours` 是没有公开文件的，属本产品自定。自定而又不关金额和状态的，宽松下只告警。
本页由 `simulator/core/refusals.yaml` 生成（`make docs`）。
""",
    """# Refusals

[中文](refusals.zh-CN.md)

Every refusal of the platform and of the insured place simulated here: its rule (as findings name it), its sentence, its
source, what it guards, and its severity in strict and in lenient. The source `ours` means that no public text states
the rule; one of ours that guards neither money nor state is only a warning in lenient.
Made from `simulator/core/refusals.yaml` (`make docs`).
""",
)
_REFUSALS_HEAD = Text(
    "| 规则 | 说法 | 依据 | 保护 | 严格 / 宽松 |", "| rule | sentence | source | guards | strict / lenient |"
)
_GUARDS = {
    "money": Text("金额", "money"),
    "state": Text("状态", "state"),
    "nothing": Text("无", "nothing"),
    "call": Text("控制调用", "control call"),
}
_SAYS_MORE = {"contract"}
"""The contract says what is wrong in sentences of its own."""


def _page_of_rules() -> str:
    headings = {group.first: group for group in rule_headings()}
    lines = [str(_RULES)]
    for number, rule in rules().items():
        if number in headings:
            lines.append(f"## {headings[number].title}\n")
        lines.append(f'<a id="rule-{number}"></a>\n**{number}. {rule.title}**{_stop()} {rule.text}\n')
    return "\n".join(lines)


def _page_of_sources() -> str:
    lines = [str(_SOURCES)]
    for group in source_headings():
        lines.append(f"## {group.title}\n")
        for source in sources().values():
            if source.group == group.code:
                anchor = f'<a id="{source_anchor(source.code)}"></a>'
                lines.append(f"{anchor}\n**`{source.code}`** {source.title}{_stop()} {source.kind} {source.used}\n")
    return "\n".join(lines)


def _page_of_refusals(suffix: str) -> str:
    lines = [str(_REFUSALS), str(_REFUSALS_HEAD), "|---|---|---|---|---|"]
    for rule in refusal_rules().values():
        said = str(text(SENTENCES.get(rule.rule, f"refusal.{rule.rule}"))) if rule.rule not in _SAYS_MORE else "…"
        cited = " + ".join(f"[{code}](sources{suffix}.md#{source_anchor(code)})" for code in rule.source.split("+"))
        severity = rule.severity if rule.guards != CALL else "-"
        lenient = "warning" if rule.lenient else severity
        lines.append(f"| `{rule.rule}` | {said} | {cited} | {_GUARDS[rule.guards]} | {severity} / {lenient} |")
    return "\n".join(lines) + "\n"


def _page_of_requirements(page: str) -> str:
    lines = [str(_REQUIREMENTS)]
    for section in sections():
        lines += [f"## {section.number}. {section.title}\n", str(_REQUIREMENT_HEAD)]
        for each in section.requirements:
            scenarios = str(each.not_tested and text("requirements.because", reason=each.not_tested)).strip()
            if each.not_tested is None:
                scenarios = "<br>".join(each.scenarios)
            rules_of = "<br>".join(f"`{rule}`" for rule in each.rules) or "–"
            lines.append(f"| [{each.id}]({page}#{each.id}) | {each.text} | {rules_of} | {scenarios} |")
        lines.append("")
    return "\n".join(lines)


def _stop() -> str:
    return str(Text("。", "."))


def source_anchor(code: str) -> str:
    """The id of a source on its page, such as `source-gb-11643`."""
    return f"source-{code.lower().replace(' ', '-')}"


def _size_of_the_library() -> str:
    scenarios, files = load([]), scenario_files([])
    rows = sum(bool(each.row) for each in scenarios)
    families = len({each.family for each in scenarios})
    chinese = f"随产品的场景 {len(scenarios)} 个，分 {families} 类，写在 {len(files)} 个文件里；{rows} 个是数据表的行。"
    english = f"{len(scenarios)} scenarios in {families} families, in {len(files)} files; {rows} are rows of tables."
    return f"{chinese}\n*{english}*"


def _readme(name: str, language: str) -> str:
    covered = with_block(written(name), "coverage", _coverage(language))
    return with_block(covered, "diff", _comparison(language))


def _coverage(language: str) -> str:
    return _printed(language, "coverage", "--format", "markdown", "--only", "handled").strip()


def _comparison(language: str) -> str:
    lines = _printed(language, "diff", "hunan-1.3", "jiangxi-1.0", "--infno", "2207").splitlines()
    return "\n".join(["```text", *lines[:SHOWN_LINES], "```"])


def _printed(language: str, *words: str) -> str:
    return CliRunner().invoke(cli, ["--lang", language, "contract", *words]).output


def write() -> list[str]:
    """Writes what lags behind; the names of the files written."""
    stale = {name: page for name, page in pages().items() if page != written(name)}
    for name, page in stale.items():
        (ROOT / name).write_text(page, encoding="utf-8")
    return sorted(stale)


if __name__ == "__main__":
    for changed in write():
        click.echo(changed)

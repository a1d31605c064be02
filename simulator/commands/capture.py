"""`nhsa-sim capture`: a scenario out of recorded messages, with roles in place of people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.core.errors import SetupError
from simulator.core.texts import text

if TYPE_CHECKING:
    from simulator.harness.environment.client import SandboxClient

_PATH = click.Path(path_type=Path)


@click.command("capture")
@click.argument("recording", required=False, type=_PATH)
@click.option("--platform", default="", metavar="URL", help="取这个平台的往来报文 / take the journal of this platform")
@click.option("--sandbox", default="default", show_default=True, metavar="NAME", help="它的沙箱 / its sandbox")
@click.option("--token", default="", envvar="NHSA_SIM_TOKEN", help="控制接口令牌 / token of control")
@click.option("--people", "people_file", type=_PATH, metavar="FILE", help="人员导出文件 / exported people")
@click.option(
    "-o",
    "--output",
    required=True,
    type=_PATH,
    metavar="FILE",
    help="写到 <名>.scenario.yaml / file <name>.scenario.yaml",
)
def command(
    recording: Path | None, platform: str, sandbox: str, token: str, people_file: Path | None, output: Path
) -> None:
    """把往来报文变成场景：人换成角色 / Make a scenario of recorded messages, roles in place of people.

    RECORDING 可以是平台的往来报文、rehearse --record 的文件、HAR、日志、Postman 导出；或给 --platform 直接取。
    不能变成步骤的，按报文序号逐条说明；有 --platform 时当场重演一遍，报文看不出的也说明 /
    RECORDING is a journal of the platform, a file of rehearse --record, a HAR, a log or a Postman export; or --platform
    is asked. What cannot be a step is told by the number of its message; with --platform the scenario is replayed.

    退出码：0 全部变成了步骤，1 有不能的或推定的 / Exit code 0: every message is a step, 1: some are not, or assumed.
    """
    from simulator.capture.exchanges import of_file, of_sandbox
    from simulator.capture.people import captured_people
    from simulator.capture.replaying import replay_differences
    from simulator.capture.steps import captured
    from simulator.capture.writing import one_line, written
    from simulator.harness.environment.client import connect
    from simulator.harness.scenario.loader import SUFFIX, scenarios_from

    if (recording is None) == (not platform):
        raise SetupError(text("capture.one_source"))
    if not output.name.endswith(SUFFIX):
        raise SetupError(text("capture.bad_name", path=output, suffix=SUFFIX))
    if recording is not None and not recording.is_file():
        raise SetupError(text("data.no_such_file", path=recording))
    client = connect(platform, token).sandbox(sandbox) if platform else None
    found = of_sandbox(client) if client is not None else of_file(recording or Path())
    known = [*(_people(client) if client is not None else ()), *(_exported(people_file) if people_file else ())]
    capture = captured(found, captured_people(found.exchanges, known))
    policy = _versions(client, [each.facts["insured_at"] for each in capture.people], capture.clock)
    content = written(capture, policy)
    # Read back before it is kept: a file that the loader refuses would be no scenario.
    (scenario,) = scenarios_from(content, output)
    if client is not None:
        seed = client.platform.control("GET", f"sandboxes/{client.name}")["seed"]
        capture.untold += replay_differences(client.platform, scenario, capture, seed)
        content = written(capture, policy)
    try:
        output.write_text(content, encoding="utf-8")
    except OSError as error:
        raise SetupError(text("harness.cannot_write", path=output, problem=error.strerror or "")) from None
    for each in capture.untold:
        click.echo(one_line(each))
    click.echo(text("capture.written", path=output, steps=len(capture.steps), messages=len(found.exchanges)))
    raise SystemExit(1 if capture.untold else 0)


def _people(sandbox: "SandboxClient") -> Sequence[Mapping[str, Any]]:
    """People in a sandbox, with opening balances."""
    listed = sandbox.control("GET", "people")["people"]
    return [sandbox.control("GET", f"people/{each['psn_no']}") for each in listed]


def _exported(path: Path) -> Sequence[Mapping[str, Any]]:
    from simulator.harness.environment.envelope_codec import NotJson, read_json

    try:
        people = read_json(path.read_bytes()).get("people")
    except OSError:
        raise SetupError(text("data.no_such_file", path=path)) from None
    except NotJson:
        people = None
    if not isinstance(people, list) or not all(isinstance(each, Mapping) for each in people):
        raise SetupError(text("capture.no_people", path=path))
    return people


def _versions(sandbox: "SandboxClient | None", areas: Sequence[str], clock: str) -> dict[str, str]:
    """Versions of the city files in force at the platform of the recording."""
    if sandbox is None:
        return {}
    found = {area: sandbox.control("GET", f"policy/{area}?on={clock[:10]}") for area in dict.fromkeys(areas)}
    return {area: each["version"] for area, each in found.items()}

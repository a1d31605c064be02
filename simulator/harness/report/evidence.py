"""Evidence of a run: versions, editions, policies and the machine, by which a report can be held to what it is of."""

from collections.abc import Mapping
from typing import Any

from simulator import __version__
from simulator.harness.environment.modes import NATIONAL
from simulator.harness.execution.results import Ended, ScenarioResult
from simulator.harness.report.wording import masked

ZONE = "+08:00"
"""Of the time at which a run began."""


def run_evidence(ended: Ended) -> dict[str, Any]:
    """Facts about a run for machines: product, platform, editions, policies, seed, uses, machine."""
    info = ended.info
    return {
        "started": info.started,
        "zone": ZONE,
        "seed": info.seed,
        "product": __version__,
        "platform": info.platform_version,
        "host": info.host,
        "uses": list(info.uses),
        "real_systems": list(info.real_systems),
        "editions": editions(ended),
        "policies": dict(policies(ended)),
        "seconds": round(ended.seconds, 1),
        "exit_code": ended.exit_code,
        "broken": ended.broken.as_json() if ended.broken is not None else None,
    }


def editions(ended: Ended) -> list[str]:
    """Editions in which the hospitals of the scenarios spoke."""
    return sorted({each.scenario.edition or NATIONAL for each in ended.results if each.steps})


def policies(ended: Ended) -> Mapping[str, str]:
    """Version and digest of the policies in force, by insured place."""
    found: dict[str, set[str]] = {}
    for each in ended.results:
        for area, version in each.policies.items():
            found.setdefault(area, set()).add(version)
    return {area: ", ".join(sorted(found[area])) for area in sorted(found)}


def differences_as_json(result: ScenarioResult, most: int) -> list[dict[str, Any]]:
    """The first differences of a failure, identities masked."""
    return [
        {
            "path": each.path,
            "name_zh": each.field_zh,
            "wanted": masked(each.wanted, result).as_json(),
            "got": masked(each.got, result).as_json(),
            "causes": [masked(cause, result).as_json() for cause in each.causes],
        }
        for each in result.differences[:most]
    ]

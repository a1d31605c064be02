"""The library under a 七台河 file with other figures: green where both sides go by it, red where only one does."""

from importlib import resources
from pathlib import Path

import pytest

from simulator.harness.execution.results import FAILED, NOT_APPLICABLE, NOT_TESTED, PASSED
from simulator.harness.scenario.definition import areas_with_agencies
from simulator.harness.scenario.library import load
from tests.support.in_process import agencies, export, platform, played
from tests.support.library_sample import sample

QITAIHE = "230900"
OTHER = Path(__file__).parent / "other_figures"
"""A data folder with another policy for 七台河, as a city would bring it."""


@pytest.fixture(scope="module")
def scenarios():
    return sample(load([]))


@pytest.fixture(scope="module")
def areas(scenarios):
    return areas_with_agencies(scenarios)


@pytest.fixture(scope="module")
def people(tmp_path_factory, areas):
    return export(tmp_path_factory.mktemp("people"), areas)


@pytest.fixture(scope="module")
def shipped_platform(tmp_path_factory):
    with platform(tmp_path_factory.mktemp("shipped")) as stage:
        yield stage


def test_library_is_green_under_other_figures_when_the_agency_has_them_too(scenarios, areas, people, tmp_path):
    """The engine's award is checked instead of literals, which is said; the point of each is reached even so."""
    with (
        platform(tmp_path / "platform", OTHER) as stage,
        agencies(tmp_path / "agencies", people, areas, OTHER) as answering,
    ):
        results = played(stage, scenarios, answering, "rother")
    wrong = {name: failure(found) for name, found in results.items() if found.status not in (PASSED, NOT_APPLICABLE)}
    assert wrong == {}
    # What the platform answers by itself proves nothing of an agency.
    unasked = {name for name, found in results.items() if found.status == NOT_APPLICABLE}
    assert unasked == {name for name, found in results.items() if not asked(found)}
    unchecked = {name for name, found in results.items() if found.unchecked}
    literal = {each.id for each in scenarios if any("literal" in step.said for step in each.steps)}
    assert unchecked == {
        each.id for each in scenarios if each.id in results.keys() & literal and QITAIHE in each.policy
    }


def asked(found):
    """True where a message of the scenario reached an agency."""
    return any(leg.leg == "agency" for step in found.steps for leg in step.legs)


def failure(found):
    """Why a scenario did not pass: each difference with its causes, or the reason why it could not be played."""
    told = [f"{each.path}: {each.wanted} / {each.got} {[*map(str, each.causes)]}" for each in found.differences]
    return (found.status, str(found.reason or ""), told)


def test_people_who_were_played_before_are_told_of_or_taken_as_the_city_has_them(
    scenarios, people, shipped_platform, tmp_path
):
    """A city's test environment lives on: strictly the second run is red and says why; declared, it goes on."""
    wanted = ("dialysis/retiree-in-beijing", "identity/electronic-voucher", "year/new-year")
    chosen = [each for each in scenarios if each.id in wanted]
    with agencies(tmp_path / "agency", people, [QITAIHE]) as answering:
        runs = [
            played(shipped_platform, chosen, answering, run, lasting=True, capabilities=can)
            for run, can in (("rfirst", {}), ("rstrict", {}), ("rgoes-on", {"reset": False}))
        ]
    first, strict, goes_on = ([found[name] for name in wanted] for found in runs)
    assert [(each.status, each.notes) for each in first] == [(PASSED, [])] * 3
    assert [each.status for each in strict] == [FAILED] * 3
    assert all("--seed" in str(each.notes[0].en) for each in strict)
    assert [each.status for each in goes_on] == [PASSED, PASSED, NOT_TESTED]
    assert "2026" in goes_on[2].reason.en


SOURCE = 'from: "2025-01-01", source: illustrative, reference: 示例'
DIFFERS = {
    "deductible": ("dialysis/retiree-in-beijing", "award.deductible", ('value: "500.00"', 'value: "450.00"')),
    "ratio": ("dialysis/retiree-in-beijing", "award.ratio", ('retired, value: "0.90"', 'retired, value: "0.88"')),
    "cap of a disease": ("caps/cancer-crosses-the-cap", "award.disease_cap", ('"80000.00"', '"70000.00"')),
    "no cap": ("caps/cancer-crosses-the-cap", "award.disease_cap", ('"80000.00"', "unlimited")),
    "cap of the year": ("layers/large-amount", "award.annual_cap", f'annual_cap: [{{value: "399000.00", {SOURCE}}}]'),
    "filing group": (
        "visits/without-the-letter-a",
        "award.modifier",
        ("modifiers:", f'modifiers:\n  - {{group: referral, minus: "0.10", {SOURCE}}}'),
    ),
    "unfiled": ("filing/unfiled-lower-ratio", "award.entitlement", f"unfiled: [{{value: refuse, {SOURCE}}}]"),
    "list of diseases": (
        "deductible/two-visits-one-deductible",
        "award.entitlement",
        ("anti-rejection after transplant, outbound: true", "anti-rejection after transplant, outbound: false"),
    ),
    "large amount": (
        "layers/large-amount",
        "award.layers.large_amount",
        "layers: {large_amount: {insutypes: ['310'], who: everyone, base: above_cap_scope,"
        f' figures: [{{ratio: "0.80", {SOURCE}}}]}}}}',
    ),
    "major illness": (
        "layers/major-illness",
        "award.layers.major_illness",
        "layers: {major_illness: {insutypes: ['390'], who: everyone, base: own_share,"
        f' figures: [{{line: "14500.00", ratio: "0.60", {SOURCE}}}]}}}}',
    ),
    "civil servants": (
        "layers/civil-servant",
        "award.layers.civil_servants",
        "layers: {civil_servants: {insutypes: ['310'], who: civil_servants, base: remaining,"
        f' figures: [{{ratio: "0.40", {SOURCE}}}]}}}}',
    ),
    "assistance": (
        "layers/assistance-by-identity",
        "award.layers.assistance",
        "layers: {assistance: {insutypes: ['390'], who: identities, base: remaining,"
        f' figures: [{{identity: subsistence_allowance, ratio: "0.60", {SOURCE}}}]}}}}',
    ),
    "account elsewhere": (
        "account/patient-decides",
        "award.account_pays",
        f"account_elsewhere: [{{value: false, {SOURCE}}}]",
    ),
}
"""The scenario that must show it, the rule that must be named, and what is another word in the agency's file."""


@pytest.mark.parametrize("named", DIFFERS)
def test_agency_with_another_figure_is_red_and_the_rule_is_named(named, scenarios, people, shipped_platform, tmp_path):
    shown_by, rule, change = DIFFERS[named]
    shipped = resources.files("simulator").joinpath("benefit/policies/230900.yaml").read_text(encoding="utf-8")
    rules = shipped.partition("\nexamples:")[0]
    theirs = f"{rules}\n{change}\n" if isinstance(change, str) else rules.replace(*change)
    policies = tmp_path / "data" / "policies"
    policies.mkdir(parents=True)
    (policies / "230900.yaml").write_text(theirs, encoding="utf-8")
    (scenario,) = [each for each in scenarios if each.id == shown_by]
    with agencies(tmp_path / "agency", people, [QITAIHE], policies.parent) as answering:
        found = played(shipped_platform, [scenario], answering, "rother")[shown_by]
    assert found.status == FAILED
    assert found.root_cause.rule == rule, failure(found)
    assert any(cause.zh.endswith(f"（{rule}）") for each in found.differences for cause in each.causes)

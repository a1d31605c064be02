"""The pytest plugin with the fixtures `national_platform` and `contract`.

Loaded by every pytest run of an environment that has the product, so it imports pytest alone; a fixture imports the
rest when it is used, and the platform starts with the first test that asks for it.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from simulator.testing.contracts import ContractChecker
    from simulator.testing.national_platform import NationalPlatform
    from simulator.testing.shared_platform import Running

Made = TypeVar("Made")
MARKS = (
    "nhsa_clock(moment): the platform's trade clock stands still at this moment (ISO 8601, Beijing without an offset)",
    "nhsa_people(**roles): people of the platform by role, each as the control call POST people takes them",
    "nhsa_edition(name): the edition of the interface, by name or folder; for national_platform and contract",
    "nhsa_strict(flag): nhsa_strict(False) lets known habits of real clients through as warnings",
    "nhsa_gateway(**profile): how messages must be signed, as the control call POST sandboxes takes it",
)


def pytest_configure(config: pytest.Config) -> None:
    for mark in MARKS:
        config.addinivalue_line("markers", mark)


@pytest.fixture(scope="session")
def _running_platform(request: pytest.FixtureRequest) -> Iterator["Running"]:
    """Platform for all tests of this process: the platform of --sim-platform, else a child process of our own."""
    from simulator.testing.shared_platform import start

    option = request.config.getoption
    running = _plainly(lambda: start(url=option("--sim-platform", ""), data=option("--sim-data", "")))
    yield running
    running.end()


@pytest.fixture
def national_platform(request: pytest.FixtureRequest, _running_platform: "Running") -> Iterator["NationalPlatform"]:
    """A national platform of this test's own; error findings that were not expected fail the test at its end."""
    from simulator.testing.marks import wishes_of
    from simulator.testing.national_platform import open_platform

    seed = request.config.getoption("--sim-seed", 230900)
    wishes = wishes_of(request.node)
    platform = _plainly(lambda: open_platform(_running_platform, wishes, seed=seed))
    request.node.stash[_PLATFORM] = platform
    yield platform
    platform.close()


@pytest.fixture
def contract(request: pytest.FixtureRequest) -> "ContractChecker":
    """Holds messages and recorded files to the contract; needs no platform."""
    from simulator.testing.contracts import ContractChecker
    from simulator.testing.marks import wishes_of

    wishes = wishes_of(request.node)
    return _plainly(lambda: ContractChecker(wishes.edition, strict=wishes.strict))


def _plainly(make: Callable[[], Made]) -> Made:
    """Result of `make`; errors of the product become a test failure without a traceback."""
    from simulator.core.errors import SimulatorError
    from simulator.testing.control import Refused

    try:
        return make()
    except (SimulatorError, Refused) as error:
        wrong = str(error)
    pytest.fail(wrong, pytrace=False)


_PLATFORM = pytest.StashKey["NationalPlatform"]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> "Generator[None, object, object]":
    """Looks at the findings when the test itself is over, so that it fails as a test and not in its teardown."""
    try:
        result = yield
    # pytest.fail raises a BaseException, which Exception alone would miss.
    except (Exception, pytest.fail.Exception):
        platform = item.stash.get(_PLATFORM, None)
        if platform is not None:
            item.add_report_section("call", "nhsa-sim", platform.told())
        raise
    platform = item.stash.get(_PLATFORM, None)
    wrong = _plainly(platform.verdict) if platform is not None else ""
    if wrong:
        pytest.fail(wrong, pytrace=False)
    return result

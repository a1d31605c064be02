"""Numbers that the platform gives out are given once, in whatever sandbox and after whatever reset (rules 24).

An agency keeps its books meanwhile: to it, a visit with a number that came before is a visit that it knows.
"""

from collections.abc import Iterator
from contextlib import closing

import pytest

from simulator.core.settings import Settings
from simulator.server.app import create_app
from tests.agencies.conftest import City, of_two_patients
from tests.support.stage import Stage, open_stage

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def platform(request, tmp_path_factory) -> Iterator[Stage]:
    """A sandbox on a platform of its own."""
    on_sqlite = request.param == "sqlite"
    where = tmp_path_factory.mktemp("store") if on_sqlite else request.getfixturevalue("postgres_database")
    app = create_app(Settings(store=str(where), outbox_every_s=0, check_output=1))
    with closing(app.extensions["platform"]), closing(open_stage(app, "one")) as stage:
        yield stage


@pytest.fixture
def city(platform: Stage) -> City:
    platform.control("POST", "reset", {})
    platform.now("2025-03-10 09:00:00")
    return of_two_patients(platform)


def numbers(city: City) -> list[str]:
    """Every number given out for one visit: settled, cancelled, and a registration."""
    visit = city.visit()
    settled = visit.settle("1000.00").setlinfo["setl_id"]
    cancelled = visit.cancel(settled).setlinfo["setl_id"]
    assert cancelled == settled
    grant = {"disease": "M08300", "from": "2025-01-01"}
    granted = city.control("POST", f"people/{city.person['psn_no']}/registrations", grant)["id"]
    return [visit.id, settled, granted]


def test_no_number_is_given_out_twice_on_a_platform(city, platform):
    given = numbers(city)
    city.control("POST", "snapshots", {"name": "then"})
    given += numbers(city)
    city.control("POST", "snapshots/then/restore", {})
    given += numbers(city)
    city.control("POST", "reset", {})
    platform.now("2025-03-10 09:00:00")
    given += numbers(of_two_patients(platform))
    with closing(open_stage(platform.app, "other")) as other:
        given += numbers(of_two_patients(other))
    assert len(set(given)) == len(given)
    assert {len(number) for number in given[:2]} == {24}


def test_what_was_given_out_before_a_snapshot_still_stands_after_it_is_restored(city):
    visit = city.visit()
    settled = visit.settle("1000.00").setlinfo["setl_id"]
    city.control("POST", "snapshots", {"name": "settled"})
    city.control("POST", "snapshots/settled/restore", {})
    assert visit.cancel(settled).ok
    assert visit.settle("1000.00").ok


def test_two_sandboxes_settle_with_one_agency_that_keeps_its_books(city, referred, platform):
    """The people of one seed are the same people; their visits are others."""
    reference = referred()
    assert city.visit().settle("1000.00").setlinfo["hifp_pay"] == 450
    (agency,) = city.control("GET", "agencies")["agencies"]
    with closing(open_stage(platform.app, "second")) as other:
        second = of_two_patients(other)
        assert second.person["psn_no"] == city.person["psn_no"]
        second.register(agency["url"])
        # The deductible of 500.00 was taken in the first sandbox.
        assert second.visit().settle("1000.00").setlinfo["hifp_pay"] == 900
    city.control("POST", "reset", {})
    platform.now("2025-03-10 09:00:00")
    third = of_two_patients(platform)
    third.register(agency["url"])
    assert third.visit().settle("1000.00").ok
    assert reference.audit().differences == ()

from datetime import datetime

import pytest

from his.desk import Desk, Patient
from his.wire import Wire


@pytest.fixture
def desk(national_platform):
    """The desk of a hospital in 北京, connected to this test's platform and going by its clock."""

    def clock():
        return datetime.fromisoformat(national_platform.control.now)

    return Desk(Wire(national_platform.service_url, "H11000000001", "北京模拟第一医院", "110000", clock))


@pytest.fixture
def patient(national_platform):
    """The person of the mark, as they show themselves at the desk."""
    person = national_platform.people["patient"]
    return Patient(person["certno"], person["psn_name"], person["insured_at"])

import socket

import pytest

from simulator.core.errors import SetupError
from simulator.harness.environment.environment import refuse_unreachable
from simulator.harness.environment.processes import Processes, free_port


@pytest.fixture
def started():
    processes = Processes()
    yield processes
    processes.end()


def test_process_that_dies_is_told_with_its_last_words(started):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = started.start("平台", ["serve", "--port", str(port)], ready_url="http://127.0.0.1:1/readyz")
        with pytest.raises(SetupError) as error:
            process.wait_ready()
    assert f":{port}" in error.value.text.zh
    with pytest.raises(SetupError):
        started.refuse_dead()


def test_ending_ends_what_was_started_and_nothing_else(started):
    process = started.start("hospital", ["hospital", "--help"], lasting=False)
    started.finish(process)
    started.end()
    assert process.popen.poll() == 0


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://", "230900"])
def test_address_that_is_none_is_told(url):
    with pytest.raises(SetupError):
        refuse_unreachable(url)


def test_address_where_nobody_listens_is_told_before_anything_runs():
    with pytest.raises(SetupError) as error:
        refuse_unreachable(f"http://127.0.0.1:{free_port()}/")
    assert "127.0.0.1" in error.value.text.en

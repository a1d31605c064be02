"""The line to an agency: bounded in time and size, no redirects, no strangers, and certain about what was sent."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from simulator.agencies.delivery import transport as transport_module
from simulator.agencies.delivery.transport import Transport
from simulator.core.errors import Refusal
from simulator.core.json_codec import LARGEST_MESSAGE
from tests.agencies.peers import Peer, request_of

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport()
    yield made
    made.close()


@pytest.fixture
def peer() -> Iterator[Callable[[Callable[[socket.socket, threading.Event], None]], Peer]]:
    with ExitStack() as opened:

        def make(play: Callable[[socket.socket, threading.Event], None]) -> Peer:
            made = Peer(play)
            opened.callback(made.close)
            return made

        yield make


def answering(answer: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def play(connection: socket.socket, over: threading.Event) -> None:
        while request_of(connection):
            connection.sendall(answer)

    return play


def trickling(answer: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """A byte at a time, slower than the time limit as a whole but never silent for long."""

    def play(connection: socket.socket, over: threading.Event) -> None:
        request_of(connection)
        for byte in answer:
            connection.sendall(bytes([byte]))
            if over.wait(0.02):
                return

    return play


def hanging(connection: socket.socket, over: threading.Event) -> None:
    request_of(connection)
    over.wait()


def test_one_connection_serves_many_messages(transport, peer):
    seen: list[tuple[str, int]] = []

    def play(connection, over):
        seen.append(connection.getpeername())
        answering(OK)(connection, over)

    server = peer(play)
    assert [transport.post(server.url, b'{"a":1}', 5).body for _ in range(3)] == [b"{}"] * 3
    assert len(seen) == 1


def test_a_kept_connection_that_the_agency_closed_is_not_used_again(transport, peer):
    closed = threading.Event()

    def play(connection, over):
        request_of(connection)
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    server = peer(play)
    assert transport.post(server.url, b"{}", 5).body == b"{}"
    closed.wait(5)
    assert transport.post(server.url, b"{}", 5).body == b"{}"


def test_nothing_was_sent_where_nobody_listens(transport):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    reply = transport.post(f"http://127.0.0.1:{port}/", b"{}", 5)
    assert (reply.body, reply.sent) == (None, False)
    assert "报文未发出" in reply.problem.zh
    assert str(port) in reply.problem.zh


def test_a_silent_agency_costs_no_more_than_the_time_limit(transport, peer):
    reply = transport.post(peer(hanging).url, b"{}", 0.2)
    assert (reply.body, reply.sent) == (None, True)
    assert reply.problem.zh == "0.2 秒内没有应答"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 2000 + b"\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b" " * 2000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 500,
    ],
    ids=["headers", "body", "chunks"],
)
def test_a_trickle_does_not_stretch_the_time(transport, peer, answer):
    reply = transport.post(peer(trickling(answer)).url, b"{}", 0.3)
    assert reply.body is None
    assert reply.problem.zh == "0.3 秒内没有应答"


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "until closed"])
def test_an_answer_beyond_the_limit_is_cut_off(transport, peer, declared):
    large = b" " * (LARGEST_MESSAGE + 1)
    length = b"Content-Length: %d\r\n" % len(large) if declared else b"Connection: close\r\n"

    def play(connection, over):
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + large)

    reply = transport.post(peer(play).url, b"{}", 5)
    assert reply.body is None
    assert "超过 1048576 字节" in reply.problem.zh


def test_a_redirect_is_not_followed(transport, peer):
    aim = peer(answering(OK))
    there = aim.url.encode()
    server = peer(answering(b"HTTP/1.1 302 Found\r\nLocation: " + there + b"\r\nContent-Length: 0\r\n\r\n"))
    reply = transport.post(server.url, b"{}", 5)
    assert (reply.body, reply.sent) == (None, True)
    assert f"HTTP 状态 302，转向 {aim.url}" in reply.problem.zh


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "HTTP 状态 503"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "连接中断"),
        (b"nonsense\r\n\r\n", "连接中断"),
        (b"", "连接中断"),
    ],
    ids=["503", "cut short", "no HTTP", "closed"],
)
def test_what_is_no_answer_leaves_it_open_whether_it_was_taken(transport, peer, answer, told):
    def play(connection, over):
        request_of(connection)
        connection.sendall(answer)

    reply = transport.post(peer(play).url, b"{}", 5)
    assert (reply.body, reply.sent) == (None, True)
    assert told in reply.problem.zh


def test_the_whole_message_arrives_as_it_was_written(transport, peer):
    arrived: list[bytes] = []

    def play(connection, over):
        arrived.append(request_of(connection))
        connection.sendall(OK)

    server = peer(play)
    message = "王".encode() * 300_000
    assert transport.post(server.url + "?city=230900", message, 5).body == b"{}"
    head, _, body = arrived[0].partition(b"\r\n\r\n")
    assert body == message
    assert head.startswith(b"POST /agency?city=230900 HTTP/1.1\r\n")
    assert b"Content-Type: application/json; charset=utf-8" in head


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("ftp://127.0.0.1/", "agency_url"),
        ("http:///x", "agency_url"),
        ("127.0.0.1:8200", "agency_url"),
        ("http://127.0.0.1:99999/", "agency_url"),
        ("http://127.0.0.1/a b", "agency_url"),
        ("http://医保.example/", "agency_url"),
        ("http://127.0.0.1/\x00", "agency_url"),
        ("http://127.0.0.1/\x7f", "agency_url"),
        ("http://127.0.0.1/\x1b[2J", "agency_url"),
        ("http://user:word@127.0.0.1/", "agency_url_user"),
        ("http://@127.0.0.1/", "agency_url_user"),
        ("http://10.1.2.3/", "agency_url_target"),
        ("http://169.254.169.254/latest", "agency_url_target"),
        ("http://127.0.0.1.example.com/", "agency_url_target"),
        ("http://0.0.0.0/", "agency_url_target"),
        ("http://[::ffff:10.1.2.3]/", "agency_url_target"),
    ],
)
def test_an_address_that_must_not_be_called_is_refused(transport, url, rule):
    with pytest.raises(Refusal) as refused:
        transport.check_url(url)
    assert refused.value.rule == rule


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8200/", "https://[::1]:8443/x", "http://localhost/", "HTTP://127.0.0.1"]
)
def test_loopback_may_be_called(transport, url):
    transport.check_url(url)


def test_a_host_allowed_by_name_may_be_called():
    made = Transport(allowed_hosts=frozenset({"agency.test"}))
    made.check_url("https://agency.test/yb")
    with pytest.raises(Refusal):
        made.check_url("https://other.test/yb")


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/医保/接口?区=七台河", "/%E5%8C%BB%E4%BF%9D/%E6%8E%A5%E5%8F%A3?%E5%8C%BA=%E4%B8%83%E5%8F%B0%E6%B2%B3"),
        ("/a%20b?c=%E5%8C%BA&d=e+f", "/a%20b?c=%E5%8C%BA&d=e+f"),
        ("/\u00e9", "/%C3%A9"),
    ],
)
def test_a_path_in_any_script_is_sent_percent_encoded(transport, peer, path, sent):
    heads = []

    def play(connection: socket.socket, over: threading.Event) -> None:
        heads.append(request_of(connection))
        connection.sendall(OK)

    url = peer(play).url.rstrip("/") + path
    transport.check_url(url)
    assert transport.post(url, b"{}", 5).body == b"{}"
    assert heads[0].startswith(f"POST /agency{sent} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize("url", ["http://医保.example/", "http://[::1", "http://127.0.0.1:x/"])
def test_what_cannot_be_addressed_was_not_sent(transport, url):
    reply = transport.post(url, b"{}", 5)
    assert reply.body is None
    assert not reply.sent


def test_a_time_limit_that_connecting_used_up_leaves_nothing_sent(transport, peer, monkeypatch):
    seen = []
    place = peer(lambda connection, over: seen.append(request_of(connection)))
    monkeypatch.setattr(transport_module, "_remaining_s", _over)
    reply = transport.post(place.url, b"{}", 5)
    assert not reply.sent
    place.close()
    assert seen in ([], [b""])


def _over(deadline: float) -> float:
    raise TimeoutError

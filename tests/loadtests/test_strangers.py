"""`nhsa-sim load --platform` against what is no platform: one sentence, exit 2, whatever answers there."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from simulator.cli import main
from simulator.loadtests.control import Control

HTML = b"<!doctype html><title>Welcome</title>"
TOLD = "this is no nhsa-sim platform (GET /_sim/clock)"


def http(body: bytes, status: str = "200 OK", kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def of(value: object, status: str = "200 OK") -> bytes:
    return http(json.dumps(value).encode(), status)


ANSWERS = {
    "a refusal of the real interface": of({"infcode": "-1"}),
    "a page": http(HTML, kind="text/html"),
    "a page that is not there": http(HTML, "404 Not Found", "text/html"),
    "a page that has moved": http(HTML, "302 Found", "text/html"),
    "a list": of([]),
    "a text": of("clock"),
    "null": of(None),
    "an empty object": of({}),
    "an empty object, not there": of({}, "404 Not Found"),
    "a framework's error": of({"timestamp": "2026-01-01", "status": 404, "error": "Not Found"}, "404 Not Found"),
    "an error without a sentence": of({"error": {"code": 5}}, "500 Internal Server Error"),
    "a clock of another kind": of({"now": 1767225600}),
    "a clock that tells no time": of({"now": "noon"}),
    "JSON too deep to read": http(b"[" * 100_000),
    "bytes that are no text": http(bytes(range(256))),
    "nothing at all": http(b"", "204 No Content"),
    "a body cut short": http(b"{}")[:-1],
    "a head cut short": b"HTTP/1.1 200 OK\r\nContent-",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a closed connection": b"",
}


@pytest.fixture
def stranger() -> Iterator[Callable[[bytes], str]]:
    """Starts a server that sends the same bytes to everybody, and gives its URL; None keeps the connection open."""
    opened: list[socket.socket] = []

    def serve(listening: socket.socket, sent: bytes | None) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            opened.append(connection)
            connection.recv(65536)
            if sent is not None:
                connection.sendall(sent)
                connection.close()

    def start(sent: bytes | None) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        opened.append(listening)
        threading.Thread(target=serve, args=(listening, sent), daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    for each in opened:
        # A thread in accept() wakes by this; closing alone leaves it waiting.
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


def loaded(monkeypatch, capsys, folder, url, *more):
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["nhsa-sim", "--lang", "en", "load", "--users", "2", "--platform", url, *more])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize("answer", ANSWERS)
def test_whatever_answers_that_is_no_platform_is_told_in_one_line(monkeypatch, capsys, tmp_path, stranger, answer):
    url = stranger(ANSWERS[answer])
    code, told = loaded(monkeypatch, capsys, tmp_path, url)
    assert (code, len(told.splitlines())) == (2, 1), told
    assert TOLD in told
    assert url in told


def test_people_are_not_written_from_a_stranger_either(monkeypatch, capsys, tmp_path, stranger):
    code, told = loaded(monkeypatch, capsys, tmp_path, stranger(of({"infcode": "-1"})), "--write-people", "people.json")
    assert (code, TOLD in told) == (2, True)
    assert not (tmp_path / "people.json").exists()


def test_a_server_that_never_answers_is_given_up(monkeypatch, capsys, tmp_path, stranger):
    monkeypatch.setattr(Control, "first_answer_s", 0.2)
    code, told = loaded(monkeypatch, capsys, tmp_path, stranger(None))
    assert (code, len(told.splitlines())) == (2, 1), told
    assert TOLD in told
    assert "0.2 s" in told


def test_a_token_that_is_refused_is_told_in_the_platforms_words(monkeypatch, capsys, tmp_path, stranger):
    refused = of({"error": {"code": "token", "message": "the token is wrong", "path": ""}}, "401 Unauthorized")
    code, told = loaded(monkeypatch, capsys, tmp_path, stranger(refused))
    assert (code, "the token is wrong" in told, TOLD in told) == (2, True, False)


def test_a_stranger_that_tells_a_clock_is_found_out_by_the_next_answer(monkeypatch, capsys, tmp_path, stranger):
    code, told = loaded(monkeypatch, capsys, tmp_path, stranger(of({"now": "2026-01-01T00:00:00+08:00"})))
    assert code == 2
    assert "this is no nhsa-sim platform" in told.splitlines()[-1]
    assert "Traceback" not in told

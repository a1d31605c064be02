"""A platform with its pages, and a real browser that reaches nothing else."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.serving import WSGIRequestHandler, make_server

from simulator.core.settings import Settings
from simulator.server.app import create_app
from tests.conftest import CI

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def reader(shared_app) -> FlaskClient:
    """Reads pages in Chinese."""
    client = shared_app.test_client(use_cookies=False)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    return client


@pytest.fixture
def guarded(tmp_path) -> Iterator[FlaskClient]:
    """A platform that demands a token."""
    app = create_app(Settings(store=str(tmp_path / "store"), outbox_every_s=0, token="secret-token"))
    yield app.test_client()
    app.extensions["platform"].close()


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Tests say what they saw themselves."""


@pytest.fixture
def served(stage) -> Iterator[str]:
    """The address of a platform that listens, with somebody in the sandbox `stage`."""
    server = make_server("127.0.0.1", 0, stage.app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Browser:
    """One page of a real browser, and what it asked for beside the platform."""

    page: Any
    url: str
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def allow(self, route: Any) -> None:
        asked = route.request.url
        if asked.startswith((self.url, "data:")):
            route.continue_()
        else:
            self.outside.append(asked)
            route.abort()

    @property
    def too_wide(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for the tests of a file; each page of it has a profile of its own."""
    if not CHROMIUM.exists():
        reason = f"no browser at {CHROMIUM}"
        if CI:
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        options = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        started = play.chromium.launch(executable_path=str(CHROMIUM), args=options)
        yield started
        started.close()


@pytest.fixture
def browse(chromium, served) -> Iterator[Callable[..., Browser]]:
    """Opens a page in a language; afterwards it must have asked nobody else and complained of nothing."""
    opened: list[Browser] = []

    def make(locale: str = "zh-CN") -> Browser:
        page = chromium.new_page(locale=locale, viewport={"width": 1366, "height": 768})
        page.set_default_timeout(15_000)
        browser = Browser(page, served)
        page.route("**/*", browser.allow)
        page.on("console", lambda said: browser.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: browser.complaints.append(str(error)))
        opened.append(browser)
        return browser

    yield make
    for each in opened:
        each.page.close()
    assert [each.outside for each in opened if each.outside] == []
    assert [each.complaints for each in opened if each.complaints] == []

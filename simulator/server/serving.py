"""Serves the platform by granian: a single worker with threads, whose settings pass through the environment."""

import gc
import json
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from simulator.core.errors import SetupError
from simulator.core.settings import Settings
from simulator.core.texts import Text, text
from simulator.platform import create_platform, load_defaults
from simulator.server.app import create_app

if TYPE_CHECKING:
    from simulator.agencies.reference.agency import ReferenceAgency

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def make() -> Flask:
    """Creates the application of a server process; granian calls it in its worker."""
    exit_with_parent()
    app = create_app(Settings.from_environment())
    _tune_garbage_collection()
    _print_ready()
    return app


def _tune_garbage_collection() -> None:
    """Makes garbage collection rare, and excludes editions, policies and catalogues, which live as long as the process.

    Messages leave no reference cycles, so that frequent collections would cost time and free little.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def refuse_unsafe(host: str, settings: Settings, *, opened: bool) -> None:
    """Raises SetupError for an address beyond loopback without a token and a gateway profile, unless `opened`.

    Rules of exposure: docs/architecture.md#safety.
    """
    if host in LOOPBACK or opened:
        return
    missing = [
        name
        for name, given in (("--token", settings.token), ("--gateway", settings.gateway.get("name", "none") != "none"))
        if not given
    ]
    if missing:
        raise SetupError(text("serve.unsafe", host=host, missing=" ".join(missing)))


def refuse_unavailable_port(host: str, port: int) -> None:
    """Raises SetupError if the port is in use or not permitted.

    Port 0 is refused too: the system would choose a port, and the URL printed for users would be wrong.
    """
    if port == 0:
        raise SetupError(text("serve.port", host=host, port=port, problem="1-65535"))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            problem = getattr(error, "strerror", None) or str(error)
            raise SetupError(text("serve.port", host=host, port=port, problem=problem)) from None


def refuse_unusable(settings: Settings) -> None:
    """Raises SimulatorError if the store, the data or the edition cannot be used.

    A worker could report such an error only by a traceback. The check costs little: a forked worker shares the data
    that was read for it.
    """
    create_platform(settings).close()


def free_port() -> int:
    """Returns a free port of loopback, chosen by the system."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serve(host: str, port: int, settings: Settings, more: Mapping[int, str]) -> None:
    """Serves until interrupted; `more` maps further ports to the default sandbox of each."""
    others = [
        multiprocessing.get_context("spawn").Process(
            target=_serve_port,
            args=(
                host,
                each,
                replace(settings, sandbox=name, outbox_every_s=0.0, alone=False),
                text("serve.ready_sandbox", url=_url(host, each), sandbox=name),
            ),
            daemon=False,
        )
        for each, name in more.items()
    ]
    for other in others:
        other.start()
    try:
        # With several processes none is alone: intents left by a crash were recovered before (refuse_unusable).
        first = replace(settings, alone=not more)
        _serve_port(host, port, first, text("serve.ready", url=_url(host, port), store=settings.store))
    finally:
        for other in others:
            other.terminate()


def serve_agency(
    host: str, port: int, *, threads: int, people: Path | None, **options: str | bool | tuple[str, ...]
) -> None:
    """Serves the reference agency until interrupted; raises DataFaults for a bad file of people before it starts."""
    from simulator.agencies.reference.agency import count_people, load_people
    from simulator.people.areas import area_name

    opened = _agency(options)
    if people is not None:
        new, known = load_people(opened, _read(people), str(people))
        click.echo(text("agency_command.loaded", new=new, known=known))
    if not count_people(opened):
        click.echo(text("agency_command.nobody"), err=True)
    opened.store.close()
    city = str(options["city"])
    about = {"city": city, "name": area_name(city), "url": f"{_url(host, port)}/", "store": options["folder"]}
    os.environ[_AGENCY] = json.dumps(options)
    granian("simulator.server.serving:make_agency", host, port, threads, text("agency_command.up", **about))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SetupError(text("agency_command.unreadable", path=path, problem=error.strerror or "")) from None


def make_agency() -> Flask:
    """Creates the application of an agency process; granian calls it in its worker."""
    from simulator.agencies.reference.agency import create_app as create_agency_app

    exit_with_parent()
    app = create_agency_app(_agency(json.loads(os.environ[_AGENCY])))
    _print_ready()
    return app


def _agency(options: Mapping[str, Any]) -> "ReferenceAgency":
    from simulator.agencies.reference.agency import open_agency

    shipped = load_defaults(options["data"])
    return open_agency(
        Path(options["folder"]),
        options["city"],
        policies=shipped.policies,
        coverage=shipped.coverage,
        edition=options["edition"],
        own_clock=bool(options["own_clock"]),
        defects=tuple(options["defects"]),
    )


_AGENCY = "NHSA_SIM_AGENCY"


def _serve_port(host: str, port: int, settings: Settings, ready_sentence: Text) -> None:
    exit_with_parent()
    os.environ.update(settings.to_environment())
    granian("simulator.server.serving:make", host, port, settings.threads, ready_sentence)


_SHUTDOWN_GRACE_S = 10
"""Seconds that a stopping server grants to messages in hand.

A message that still waits for an agency is then cut off; the next start finds its outcome unknown and reverses it.
"""


def granian(target: str, host: str, port: int, threads: int, ready_sentence: Text | None = None) -> None:
    """Serves the application created by `target` until interrupted; the worker prints `ready_sentence` when ready."""
    os.environ[_READY_SENTENCE] = str(ready_sentence or "")
    Granian(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        workers_kill_timeout=_SHUTDOWN_GRACE_S,
        backlog=2048,
        log_level=LogLevels.critical,
        log_access=False,
        websockets=False,
    ).serve()


_READY_SENTENCE = "NHSA_SIM_READY_SENTENCE"


def _print_ready() -> None:
    """Prints the ready sentence in the worker; the parent does not know when the application is ready."""
    click.echo(os.environ[_READY_SENTENCE])


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def exit_with_parent() -> None:
    """Ends this process as soon as its parent is gone, even by kill -9.

    An orphaned worker would keep the port and go on answering for a platform that is stopped.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    # Until granian sets its own handlers, a forked worker has its parent's, which ignore the signal meant to end it.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_DFL)

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, name="parent", daemon=True).start()

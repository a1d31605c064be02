"""The platform behind granian: one worker, threads that mostly wait, every setting handed over by the environment."""

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
    """The application of a server process (granian calls this in its worker)."""
    end_with_parent()
    made = create_app(Settings.from_environment())
    _collect_seldom()
    _tell_up()
    return made


def _collect_seldom() -> None:
    """Editions, policies and catalogues stay for good; messages leave no cycles, so looking for some costs in vain."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def refuse_unsafe(host: str, settings: Settings, *, opened: bool) -> None:
    """Raises SetupError for an address that others can reach without a token and a gateway profile.

    The rules of exposure: docs/architecture.md#safety.
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


def refuse_taken(host: str, port: int) -> None:
    """Raises SetupError when the port is in use or not ours to take; 0 would be one that nobody is told of."""
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
    """Raises what is wrong with store, data or edition here, since a worker could tell it by a traceback only.

    A forked worker starts from what was read for this, so it costs little.
    """
    create_platform(settings).close()


def free_port() -> int:
    """A port of loopback that nobody uses at this moment, chosen by the system."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serve(host: str, port: int, settings: Settings, more: Mapping[int, str]) -> None:
    """Serves until interrupted; `more` maps further ports to the sandbox that each of them is."""
    others = [
        multiprocessing.get_context("spawn").Process(
            target=_serve_one,
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
        # What a crash has left was taken up before any port was open (refuse_unusable).
        first = replace(settings, alone=not more)
        _serve_one(host, port, first, text("serve.ready", url=_url(host, port), store=settings.store))
    finally:
        for other in others:
            other.terminate()


def serve_agency(
    host: str, port: int, *, threads: int, people: Path | None, **options: str | bool | tuple[str, ...]
) -> None:
    """Serves the reference agency until interrupted; its people are read first, so a bad file stops it at once."""
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
    """The application of an agency process."""
    from simulator.agencies.reference.agency import create_app as create_agency_app

    end_with_parent()
    made = create_agency_app(_agency(json.loads(os.environ[_AGENCY])))
    _tell_up()
    return made


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


def _serve_one(host: str, port: int, settings: Settings, when_up: Text) -> None:
    end_with_parent()
    os.environ.update(settings.to_environment())
    granian("simulator.server.serving:make", host, port, settings.threads, when_up)


_LAST_WORDS_S = 10
"""How long a message in hand may hold up the end; one that still waits for an agency is unknown, and is reversed."""


def granian(target: str, host: str, port: int, threads: int, when_up: Text | None = None) -> None:
    """Serves the application that `target` makes until interrupted; ours say `when_up` once they can answer."""
    os.environ[_WHEN_UP] = str(when_up or "")
    Granian(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        workers_kill_timeout=_LAST_WORDS_S,
        backlog=2048,
        log_level=LogLevels.critical,
        log_access=False,
        websockets=False,
    ).serve()


_WHEN_UP = "NHSA_SIM_WHEN_UP"


def _tell_up() -> None:
    """Said by the worker, whose application is ready now; said by the parent it would be a guess."""
    click.echo(os.environ[_WHEN_UP])


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def end_with_parent() -> None:
    """Ends this process the moment that the one which started it is gone, even by kill -9.

    A worker left behind would keep the port, and answer in the name of a platform that nobody can stop any more.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    # Until granian sets its own, a worker has its parent's handlers, and would swallow the signal that is to end it.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_DFL)

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, name="parent", daemon=True).start()

"""Web application of a platform: routes, and maintenance in the background."""

import atexit
import threading
from typing import Any

from flask import Flask

from simulator.control import control
from simulator.core.logs import log
from simulator.core.settings import Settings
from simulator.pages import pages
from simulator.platform import Platform, create_platform
from simulator.server.business_seam import BusinessSeam, not_found
from simulator.server.health import health

_PRUNE_EVERY = 60
"""Rounds of maintenance between two prunings of the journal."""


def create_app(settings: Settings, **parts: Any) -> Flask:
    """Creates the Flask application; `parts` go to create_platform. The platform is `app.extensions["platform"]`."""
    platform = create_platform(settings, **parts)
    app = Flask("simulator", static_folder=None)
    app.extensions["platform"] = platform
    app.register_blueprint(health(platform))
    app.register_blueprint(control(platform))
    app.register_blueprint(pages(platform))
    app.register_blueprint(not_found())
    seam = BusinessSeam(app.wsgi_app, platform.pipeline, platform.sandboxes, settings.sandbox)
    app.wsgi_app = seam  # type: ignore[method-assign]  # Flask's own way to put something before an application
    if settings.outbox_every_s:
        _maintain_in_background(platform)
    return app


def _maintain_in_background(platform: Platform) -> None:
    """Runs the outbox worker and prunes the journal in a thread until the process ends."""
    stopped = threading.Event()

    def rounds() -> None:
        count = 0
        while not stopped.wait(platform.settings.outbox_every_s):
            count += 1
            try:
                platform.run_maintenance()
                if count % _PRUNE_EVERY == 0:
                    platform.prune()
            except Exception:  # noqa: BLE001 (logged; the next round comes all the same)
                log().exception("the outbox round failed")

    threading.Thread(target=rounds, name="outbox", daemon=True).start()
    atexit.register(stopped.set)

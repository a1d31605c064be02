"""The web application of a platform: what answers under which address, and what goes on beside it."""

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

_FORGET_EVERY = 60
"""Rounds of the outbox between two looks at the bounds of the journal."""


def create_app(settings: Settings, **parts: Any) -> Flask:
    """The Flask application; `parts` go to create_platform. The platform is `app.extensions["platform"]`."""
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
    """Looks after the outbox and the journal until the process ends."""
    received_reply = threading.Event()

    def rounds() -> None:
        count = 0
        while not received_reply.wait(platform.settings.outbox_every_s):
            count += 1
            try:
                platform.run_maintenance()
                if count % _FORGET_EVERY == 0:
                    platform.prune()
            except Exception:  # noqa: BLE001 (logged; the next round comes all the same)
                log().exception("the outbox round failed")

    threading.Thread(target=rounds, name="outbox", daemon=True).start()
    atexit.register(received_reply.set)

"""The web application of a platform: what answers under which address, and what goes on beside it."""

import atexit
import threading
from typing import Any

from flask import Flask

from simulator.api import BusinessSeam, nowhere
from simulator.control import control
from simulator.health import health
from simulator.logs import log
from simulator.pages import pages
from simulator.platform import Platform, create_platform
from simulator.settings import Settings

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
    app.register_blueprint(nowhere())
    seam = BusinessSeam(app.wsgi_app, platform.pipeline, platform.sandboxes, settings.sandbox)
    app.wsgi_app = seam  # type: ignore[method-assign]  # Flask's own way to put something before an application
    if settings.outbox_every_s:
        _tend_in_background(platform)
    return app


def _tend_in_background(platform: Platform) -> None:
    """Looks after the outbox and the journal until the process ends."""
    ending = threading.Event()

    def rounds() -> None:
        count = 0
        while not ending.wait(platform.settings.outbox_every_s):
            count += 1
            try:
                platform.tend()
                if count % _FORGET_EVERY == 0:
                    platform.forget_old()
            except Exception:  # noqa: BLE001 (logged; the next round comes all the same)
                log().exception("the outbox round failed")

    threading.Thread(target=rounds, name="outbox", daemon=True).start()
    atexit.register(ending.set)

"""Routes for operators: `/healthz` (process alive), `/readyz` (can take messages), `/metrics` (counters)."""

from flask import Blueprint, Response

from simulator import __version__
from simulator.control.routes import refuse_caller
from simulator.core import metrics
from simulator.core.errors import SetupError
from simulator.core.json_codec import write_json
from simulator.platform import Platform
from simulator.store.store import Conflict, Gone
from simulator.store.tables import sandbox


def health(platform: Platform) -> Blueprint:
    """Blueprint with the routes `/healthz`, `/readyz` and `/metrics`; only the last needs authorisation."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return Response(write_json({"status": "ok", "version": __version__}), mimetype="application/json")

    @routes.get("/readyz")
    def readyz() -> Response:
        try:
            found = platform.sandboxes.get(platform.settings.sandbox)
            if found is None:
                return Response(write_json({"status": "no sandbox"}), 503, mimetype="application/json")
            # A unit of work begins only if the store can be read and has this version.
            with found.begin() as (work, config, _clock):
                if found.store.failing:
                    # A full disk takes reads and refuses writes, so that one is tried again.
                    work.change(sandbox, {"id": 1}, revision=config.revision)
            return Response(write_json({"status": "ready"}), mimetype="application/json")
        except (SetupError, Gone, Conflict) as error:
            said = {"status": "unusable", "message": str(error)}
            return Response(write_json(said), 503, mimetype="application/json")

    @routes.get("/metrics")
    def counted() -> Response:
        return refuse_caller(platform) or Response(metrics.exposition(), mimetype="text/plain; version=0.0.4")

    return routes

"""The route that a message is measured against: Flask and granian as the platform has them, and nothing behind."""

import argparse

from flask import Flask, Response

from simulator.server.serving import granian

PATH = "/trivial"


def make() -> Flask:
    """An application with one POST route and a constant answer."""
    app = Flask("trivial", static_folder=None)

    @app.post(PATH)
    def answer() -> Response:
        return Response(b'{"infcode":"0"}', mimetype="application/json")

    @app.get("/readyz")
    def ready() -> Response:
        return Response(b"{}", mimetype="application/json")

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    asked = parser.parse_args()
    granian("simulator.loadtests.trivial:make", "127.0.0.1", asked.port, asked.threads)

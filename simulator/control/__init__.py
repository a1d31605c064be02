"""The control calls under /_sim: what a tester sets and looks at. JSON in and out, unknown keys refused."""

from simulator.control.routes import control

__all__ = ["control"]

"""Control calls under /_sim, by which a tester configures and inspects a sandbox: JSON both ways, no unknown keys."""

from simulator.control.routes import control

__all__ = ["control"]

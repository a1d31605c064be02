"""Bodies that are turned away before they are a message, with the HTTP status that says why."""

from simulator.core.errors import SimulatorError
from simulator.core.texts import Text

BAD, TOO_LARGE, UNSUPPORTED = 400, 413, 415


class Undecodable(SimulatorError):
    """A body that cannot become a message; told in the gateway's own shape.

    `lenient` bodies are readable all the same, and a sandbox that is not strict takes them with a warning.
    """

    def __init__(self, status: int, sentence: Text, *, lenient: bool = False) -> None:
        super().__init__(sentence)
        self.status = status
        self.lenient = lenient

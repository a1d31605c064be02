"""Bodies that cannot be decoded to a message, with the HTTP status for each reason."""

from simulator.core.errors import SimulatorError
from simulator.core.texts import Text

BAD, TOO_LARGE, UNSUPPORTED = 400, 413, 415


class Undecodable(SimulatorError):
    """Raised for a body that cannot be decoded to a message; answered in the gateway's own format.

    A `lenient` body is readable all the same: a sandbox that is not strict accepts it with a warning.
    """

    def __init__(self, status: int, sentence: Text, *, lenient: bool = False) -> None:
        super().__init__(sentence)
        self.status = status
        self.lenient = lenient

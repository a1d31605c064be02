"""States of a row in the outbox: sending -> done | refused | unknown; unknown -> reversed | done | given up."""

SENDING, DONE, REFUSED, UNKNOWN, REVERSED, GIVEN_UP, HELD = (
    "sending",
    "done",
    "refused",
    "unknown",
    "reversed",
    "given_up",
    "held",
)

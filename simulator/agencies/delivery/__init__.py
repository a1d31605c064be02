"""Messages to an insured place and back: channel, transport, forwarding, completion."""

"""Messages that the platform sends to an agency on its own account: probes of the protocol, and its books compared."""

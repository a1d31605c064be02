"""Messages without a known outcome: repeated or reversed until the agency acknowledges."""

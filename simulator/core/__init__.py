"""The ground everything stands on: errors, texts, money, clocks, the envelope, strict readers, logs and metrics."""

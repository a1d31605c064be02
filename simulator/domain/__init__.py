"""The trade as values and rules: people, filings, visits, charges, settlements, the ledger.

Nothing here does IO, reads a clock, knows a wire field or a table of the store; amounts are fen, ratios Decimal of 0-1.
"""

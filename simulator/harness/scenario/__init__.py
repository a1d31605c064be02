"""Scenario files: definition, strict loading, fragments, expressions, selection."""

"""Scenario files, data only: scenarios/<family>/<what is shown>.scenario.yaml."""

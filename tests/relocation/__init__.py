"""Scenarios moved to three invented cities."""

from pathlib import Path

FOLDER = Path(__file__).parent / "cities"


def city_file(area):
    """Text of the invented file of a city."""
    return (FOLDER / f"{area}.yaml").read_text(encoding="utf-8")

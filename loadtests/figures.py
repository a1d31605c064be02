"""Figures of the bench: measured value, limit, verdict; figures that gate decide the exit code."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from simulator.core.texts import Text, text
from simulator.loadtests.columns import columns

TARGET_RATIO = 0.15
"""Messages per second of the journey over those of the trivial route on the same server; 0.20 is the stretch."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Line of the bench."""

    name: str
    label: Text
    measured: str
    limit: str = ""
    """Blank for what is only told."""
    kept: bool = True
    gates: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """Interleaved round: messages per second of the journey and of the trivial route, in turn."""

    journey: float
    trivial: float

    @property
    def ratio(self) -> float:
        return self.journey / self.trivial if self.trivial else 0.0


def told(name: str, measured: str) -> Figure:
    """A figure without a limit."""
    return Figure(name, text(f"load.bench_{name}"), measured)


def at_most(name: str, measured: float, limit: float, unit: str, *, gates: bool = False) -> Figure:
    label = text(f"load.bench_{name}")
    return Figure(name, label, f"{_shown(measured)} {unit}", f"≤ {_shown(limit)} {unit}", measured <= limit, gates)


def ratio_of(rounds: Sequence[Round], limit: float = TARGET_RATIO) -> Figure:
    """The median of the rounds' ratios, with the lowest and the highest of them."""
    ratios = [each.ratio for each in rounds]
    middle = median(ratios)
    measured = f"{middle:.3f} ({min(ratios):.3f} – {max(ratios):.3f})"
    return Figure("ratio", text("load.bench_ratio"), measured, f"≥ {limit:.2f}", middle >= limit, gates=True)


def passed(figures: Sequence[Figure], *, strictly: bool = False) -> bool:
    """True where every gating figure is kept; `strictly` lets every limit gate."""
    return all(each.kept for each in figures if each.gates or (strictly and each.limit))


def figure_lines(figures: Sequence[Figure], *, strictly: bool = False) -> Iterator[str]:
    """The verdict, then a line for each figure."""
    yield str(text("load.bench_passed" if passed(figures, strictly=strictly) else "load.bench_failed"))
    rows: list[Sequence[str]] = [[str(text(f"load.column_{name}")) for name in ("figure", "measured", "allowed")]]
    for each in figures:
        mark = " " if not each.limit else "✔" if each.kept else "✘"
        rows.append((f"{mark} {each.label}", each.measured, each.limit))
    yield from columns(rows)


def _shown(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")

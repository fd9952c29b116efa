"""Whether two arms have the same losses, and one of them an epoch later: as where one reads its loss before a step, and
the other after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from harness.analysis.comparison.repeats import FAR, Pairs, differences

FEWEST = 3
"""The number of epochs that must agree."""


@dataclass(frozen=True)
class Lag:
    """Losses that are the same in another epoch."""

    epochs: int
    """1 if the arm's losses are the baseline's of the epoch before, -1 if they are those of the epoch after."""
    largest: float
    """The largest relative difference then; 0 if they are the same bit for bit."""


def find_lag(prefixes: Sequence[Pairs], rounding: float) -> Lag | None:
    """Return by how many epochs one of two arms lags behind; None if the losses of neighbouring epochs agree no better
    than those of the same ones.

    They must agree to `rounding` in the first epochs, in all processes, and as a rule be far nearer than those of the
    same epochs: rounding may grow later.
    """
    for lag in (1, -1):
        found = [(differences(pairs), differences(_shift(pairs, lag))) for pairs in prefixes]
        found = [(direct, shifted) for direct, shifted in found if direct]
        if found and all(_is_nearer(direct, shifted, rounding) for direct, shifted in found):
            return Lag(lag, max(max(shifted) for _, shifted in found))
    return None


def _shift(pairs: Pairs, lag: int) -> Pairs:
    """Pair each epoch of an arm with the baseline's that came before it, or after it, where these are consecutive."""
    moved = zip(pairs[1:], pairs[:-1], strict=True)
    some = [(now[0], before[1]) if lag > 0 else (before[0], now[1]) for now, before in moved]
    gap = next((place for place, (one, other) in enumerate(some) if one.index - other.index != lag), len(some))
    return some[:gap]


def _is_nearer(direct: Sequence[float], shifted: Sequence[float], rounding: float) -> bool:
    if len(shifted) < FEWEST or max(shifted[:FEWEST]) > rounding:
        return False
    return direct[0] > rounding and FAR * median(shifted) < median(direct)

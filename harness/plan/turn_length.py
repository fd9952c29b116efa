"""How many epochs an arm runs in one of its turns, and how many of them only settle.

Two things pull against each other. What disturbs a machine comes and goes within tenths of a second, so arms that take
turns more often share more of it. But the first epochs of a turn take longer than any do in a training, because another
process ran before. With one thread it is the caches that it has filled: an epoch of 1.3 ms takes 1.7 times as long at
first, and as long as ever after 16. With more threads waking and placing them takes from 20 ms to 0.1 s too,
differently from run to run (`benchmarks/experiments/settling.py`). So a turn begins with epochs that are counted to no
round, unless an epoch is so long that this is lost in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

LONG = 10
"""An epoch that takes this many times as long as settling does needs none."""
LONGEST = 1.0
"""Seconds: what the turn of a slow arm is not to last only so that a quick one settles in as many epochs."""


@dataclass(frozen=True)
class Length:
    """Epochs of one turn."""

    settling: int
    counted: int


def seconds(threads: int) -> tuple[float, float]:
    """What the epochs of a turn last at least: those that are counted, and those before them that settle."""
    return (0.05, 0.01) if threads == 1 else (0.1, 0.1)


def length(counted: float, settling: float, pace: float) -> Length:
    """The turn of an arm whose epochs take `pace` seconds; the others are seconds, too."""
    pace = max(pace, 1e-5)
    settle = ceil(settling / pace) if pace < LONG * settling else 0
    return Length(settle, max(ceil(counted / pace), settle, 1))


def shared(counted: float, settling: float, paces: Sequence[float]) -> Length:
    """The turn of arms that all run the same epochs: as many as the quickest needs, if the slowest does not take too
    long for them; then as many as it takes a second for, of which the quickest settles in half at most."""
    turn, slowest = length(counted, settling, min(paces)), max(paces)
    if (turn.settling + turn.counted) * slowest <= LONGEST:
        return turn
    own = length(counted, settling, slowest)
    epochs = max(int(LONGEST / slowest), own.settling + own.counted)
    settle = min(turn.settling, epochs // 2)
    return Length(settle, epochs - settle)

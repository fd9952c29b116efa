"""The number of epochs in an arm's turn, and how many of them only let it settle.

The length of a turn is a compromise. Disturbances of a machine come and go within tenths of a second, so arms that take
turns more often share more of them. But the first epochs of a turn take longer than any in an uninterrupted training,
because another process ran before. With one thread the cause is the caches, which that process has filled: an epoch of
1.3 ms takes 1.7 times as long at first, and its usual time after 16 epochs. With more threads, waking and placing them
takes another 20 ms to 0.1 s, which varies from run to run (`benchmarks/experiments/settling.py`). So a turn begins with
settling epochs that count towards no round, unless an epoch is so long that the effect is negligible.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

LONG = 10
"""An arm needs no settling epochs if its epochs take at least this many times the settling time."""
LONGEST = 1.0
"""Seconds that a slow arm's turn may last only to give a quick arm with the same number of epochs time to settle."""


@dataclass(frozen=True)
class Length:
    """The numbers of epochs in one turn."""

    settling: int
    """Epochs at the start of the turn that are not counted."""
    counted: int


def seconds(threads: int) -> tuple[float, float]:
    """Return the least total time in seconds of a turn's counted epochs, and of the settling epochs before them."""
    return (0.05, 0.01) if threads == 1 else (0.1, 0.1)


def length(counted: float, settling: float, pace: float) -> Length:
    """Return the length of a turn for an arm whose epochs take `pace` seconds each.

    `counted` and `settling` are the least total times of those epochs, in seconds; see `seconds`.
    """
    pace = max(pace, 1e-5)
    settle = ceil(settling / pace) if pace < LONG * settling else 0
    return Length(settle, max(ceil(counted / pace), settle, 1))


def shared(counted: float, settling: float, paces: Sequence[float]) -> Length:
    """Return the length of a turn for arms that all run the same epochs.

    `paces` are the seconds that an epoch of each arm takes; the other arguments are those of `length`. The turn has as
    many epochs as the quickest arm needs if the slowest runs them in `LONGEST` seconds. Otherwise it has as many as the
    slowest runs in that time, but at least as many as the slowest needs; at most half of them are settling epochs.
    """
    turn, slowest = length(counted, settling, min(paces)), max(paces)
    if (turn.settling + turn.counted) * slowest <= LONGEST:
        return turn
    own = length(counted, settling, slowest)
    epochs = max(int(LONGEST / slowest), own.settling + own.counted)
    settle = min(turn.settling, epochs // 2)
    return Length(settle, epochs - settle)

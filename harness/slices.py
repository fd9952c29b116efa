"""How many epochs an arm runs in one of its turns: enough that it hardly matters that it was others' turn before.

Two things pull against each other. What disturbs a machine comes and goes within tenths of a second, so arms that take
turns more often share more of it. But the first epochs of a turn find the caches filled by another process, and take
longer than any do in a training: with epochs of 2.5 ms, 30, 15, 9, 6, 4 and 2 % longer, 2 ms in all. Where that is more
than a hundredth of a turn, the turn begins with epochs that only settle, and are counted to no round.
"""

from dataclasses import dataclass
from math import ceil

SECONDS = 0.05
"""What the counted epochs of a turn last at least, if some come before them to settle."""
SETTLING = 0.2
"""What settles, at least, as a share of that; and what may, at most, as a share of a turn's epochs."""
UNSETTLED = 4.0
"""How much longer a turn is where no epoch settles: so much that what the switch costs is lost in it."""


@dataclass(frozen=True)
class Length:
    """Epochs of one turn."""

    settling: int
    counted: int


def length(seconds: float, pace: float) -> Length:
    """The turn of an arm whose epochs take `pace` seconds, where a turn counts epochs of `seconds` at least."""
    pace = max(pace, 1e-5)
    if pace >= UNSETTLED * SETTLING * seconds:  # it would take longer to settle them
        return Length(0, max(1, ceil(UNSETTLED * seconds / pace)))
    settling = ceil(SETTLING * seconds / pace)
    return Length(settling, max(ceil(seconds / pace), ceil(settling / SETTLING) - settling))

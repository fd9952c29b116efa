"""The significance level of each look, such that all looks together keep the error that is promised.

Looking after every block and stopping at the first clear answer gives several chances to be wrong: with four looks at
unadjusted 95 % intervals, one of them misses the true value in 12 % of runs. Each look therefore uses the constant
level that keeps the total error at 5 % (S. J. Pocock, "Group sequential methods in the design and analysis of clinical
trials", Biometrika 64 (1977) 191; his constants are for known variance, those here for Student's t with its few degrees
of freedom). `benchmarks/experiments/looks.py` simulates them.

Each further look costs the others some of their level, and one more block among many changes little. So if there may be
more than `EVERY` blocks, the looks after these are further and further apart.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

ERROR = 0.05
"""The probability of a false answer that is allowed for a whole run, over all its arms and looks."""
FIRST_LOOK = 3
"""The number of blocks before the first look: two give an interval, but it is too wide for a verdict."""

EVERY, FURTHER = 8, 1.25
"""There may be a look after each of the first `EVERY` blocks; later ones come after this many times as many blocks."""
MOST = 64
"""The largest number of blocks for which levels are known."""

_LEVELS: dict[int, tuple[float, ...]] = {
    4: (0.03047, 0.01462, 0.00955, 0.00708, 0.00561, 0.00465),
    5: (0.02282, 0.01065, 0.00686, 0.00505, 0.00398, 0.00328),
    6: (0.01878, 0.00873, 0.00562, 0.00410, 0.00323, 0.00265),
    7: (0.01618, 0.00747, 0.00478, 0.00351, 0.00277, 0.00227),
    8: (0.01436, 0.00661, 0.00422, 0.00308, 0.00241, 0.00198),
    10: (0.01255, 0.00572, 0.00366, 0.00267, 0.00209, 0.00172),
    12: (0.01120, 0.00511, 0.00327, 0.00239, 0.00188, 0.00154),
    15: (0.01016, 0.00461, 0.00293, 0.00213, 0.00168, 0.00138),
    19: (0.00911, 0.00414, 0.00264, 0.00193, 0.00151, 0.00125),
    24: (0.00839, 0.00382, 0.00243, 0.00177, 0.00138, 0.00113),
    30: (0.00776, 0.00355, 0.00225, 0.00165, 0.00130, 0.00107),
    38: (0.00717, 0.00325, 0.00206, 0.00150, 0.00118, 0.00096),
    48: (0.00670, 0.00305, 0.00194, 0.00142, 0.00111, 0.00091),
    60: (0.00631, 0.00286, 0.00182, 0.00133, 0.00104, 0.00085),
    64: (0.00612, 0.00279, 0.00176, 0.00129, 0.00101, 0.00083),
}
"""The level of every look for an error of 5 %, 5 % / 2, 5 % / 3, ..., by the last planned look."""


def level(fewest: int, most: int, rank: int = 1) -> float:
    """Return the two-sided level of each look, if there may be one after each of `looks_after(fewest, most)` blocks.

    `rank` divides the allowed error, as Holm's procedure requires for the arm with the rank-th largest p-value. If no
    constant is known, the error is divided by the number of looks, which is always strict enough.
    """
    number = len(looks_after(fewest, most))
    known = next((one for one in _LEVELS if one >= most), None)  # more looks have a stricter level
    simulated = _LEVELS[known] if known and number > 1 and fewest <= FIRST_LOOK else ()
    return simulated[rank - 1] if rank <= len(simulated) else ERROR / rank / number


def looks_after(fewest: int, most: int) -> Sequence[int]:
    """Return the numbers of blocks after which there may be a look, if there are between `fewest` and `most` blocks.

    The last look may come earlier, in place of the next one, if no more blocks follow.
    """
    first = min(max(fewest, FIRST_LOOK), most)
    return [*takewhile(lambda number: number < most, _list_looks(first)), most]


def next_look(fewest: int, most: int, done: int) -> int:
    """Return the number of blocks after which the first look is that is not before `done` blocks."""
    return next((number for number in looks_after(fewest, most) if number >= done), most)


def _list_looks(first: int) -> Iterator[int]:
    number = first
    while True:
        yield number
        number = max(number + 1, round(FURTHER * number)) if number >= EVERY else number + 1

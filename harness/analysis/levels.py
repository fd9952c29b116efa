"""How sure each look must be, so that all looks together are as sure as they claim to be.

Who looks after every block and stops at the first clear answer has several chances to be wrong: with four looks at
unadjusted 95 % intervals, one of them misses the truth in 12 % of runs. So each look is at the constant level that
keeps the whole at 5 % (S. J. Pocock, "Group sequential methods in the design and analysis of clinical trials",
Biometrika 64 (1977) 191; his constants are for known variance, those here for Student's t with its few degrees of
freedom). `benchmarks/experiments/looks.py` simulates them.
"""

ERROR = 0.05
"""The chance of a false answer that a whole run may have, over all its arms and looks."""
FIRST_LOOK = 3
"""Blocks before the first look: two give an interval, but too wide a one for a verdict."""

_LEVELS: dict[int, tuple[float, ...]] = {}
"""By the last planned look: the level of every look for an error of 5 %, 5 % / 2, 5 % / 3, ..."""


def level(fewest: int, most: int, rank: int = 1) -> float:
    """The two-sided level of each look, where there may be one after every block from `fewest` to `most`.

    `rank` divides the error that is allowed, which is what Holm's procedure asks of the arm with the rank-th largest
    p-value. Where no constant is known the error is divided by the number of looks, which is always enough.
    """
    number = looks(fewest, most)
    simulated = _LEVELS.get(most, ()) if number > 1 and fewest <= FIRST_LOOK else ()
    return simulated[rank - 1] if rank <= len(simulated) else ERROR / rank / number


def looks(fewest: int, most: int) -> int:
    """How many looks there may be, where one may come after every block from `fewest` to `most`."""
    return max(most - max(fewest, FIRST_LOOK) + 1, 1)

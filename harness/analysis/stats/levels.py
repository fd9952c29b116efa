"""The significance level of each look, such that all looks together keep the error that is promised.

Looking after every block and stopping at the first clear answer gives several chances to be wrong: with four looks at
unadjusted 95 % intervals, one of them misses the true value in 12 % of runs. Each look therefore uses the constant
level that keeps the total error at 5 % (S. J. Pocock, "Group sequential methods in the design and analysis of clinical
trials", Biometrika 64 (1977) 191; his constants are for known variance, those here for Student's t with its few degrees
of freedom). `benchmarks/experiments/looks.py` simulates them.
"""

ERROR = 0.05
"""The probability of a false answer that is allowed for a whole run, over all its arms and looks."""
FIRST_LOOK = 3
"""The number of blocks before the first look: two give an interval, but it is too wide for a verdict."""

_LEVELS: dict[int, tuple[float, ...]] = {
    4: (0.03047, 0.01462, 0.00955, 0.00708, 0.00561, 0.00465),
    5: (0.02282, 0.01065, 0.00686, 0.00505, 0.00398, 0.00328),
    6: (0.01878, 0.00873, 0.00562, 0.00410, 0.00323, 0.00265),
    7: (0.01618, 0.00747, 0.00478, 0.00351, 0.00277, 0.00227),
    8: (0.01436, 0.00661, 0.00422, 0.00308, 0.00241, 0.00198),
    10: (0.01202, 0.00546, 0.00347, 0.00253, 0.00198, 0.00163),
    12: (0.01056, 0.00481, 0.00306, 0.00222, 0.00174, 0.00142),
    16: (0.00879, 0.00395, 0.00250, 0.00181, 0.00142, 0.00116),
    20: (0.00771, 0.00345, 0.00218, 0.00158, 0.00123, 0.00100),
}
"""The level of every look for an error of 5 %, 5 % / 2, 5 % / 3, ..., by the last planned look."""


def level(fewest: int, most: int, rank: int = 1) -> float:
    """Return the two-sided level of each look, if there may be one after every block from `fewest` to `most`.

    `rank` divides the allowed error, as Holm's procedure requires for the arm with the rank-th largest p-value. If no
    constant is known, the error is divided by the number of looks, which is always strict enough.
    """
    number = looks(fewest, most)
    simulated = _LEVELS.get(most, ()) if number > 1 and fewest <= FIRST_LOOK else ()
    return simulated[rank - 1] if rank <= len(simulated) else ERROR / rank / number


def looks(fewest: int, most: int) -> int:
    """Return the largest number of looks, if there may be one after every block from `fewest` to `most`."""
    return max(most - max(fewest, FIRST_LOOK) + 1, 1)

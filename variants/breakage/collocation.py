"""Where the losses are evaluated: points (v, t), as float32 rows of shape (n, 2)."""

import numpy as np
from numpy.typing import NDArray

from variants.breakage.cases import Case
from variants.breakage.exact import number_density
from variants.breakage.randomness import uniform_rows

Points = NDArray[np.float32]


def collocation_points(case: Case, seed: int, stream: str, index: int, count: int) -> Points:
    """(count, 2) points, v log-uniform and t uniform on the domain of `case`."""
    rows = uniform_rows(seed, stream, index, count)
    return np.stack([_log_uniform(case, rows[:, 0]), case.t_end * rows[:, 1]], axis=1).astype(np.float32)


def data_points(case: Case, seed: int, index: int, count: int) -> tuple[Points, NDArray[np.float32]]:
    """(count, 2) points, v log-uniform and t one of the data times, and (count,) the exact density there.

    Fresh for each epoch, as the collocation points are.
    """
    rows = uniform_rows(seed, "data", index, count)
    times = np.array(case.data_times)
    v, t = _log_uniform(case, rows[:, 0]), times[(len(times) * rows[:, 1]).astype(int)]
    return np.stack([v, t], axis=1).astype(np.float32), number_density(case, v, t).astype(np.float32)


def _log_uniform(case: Case, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = case.v_range
    ratio: NDArray[np.float64] = (high / low) ** fraction
    return low * ratio

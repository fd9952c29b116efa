"""Where the losses are evaluated: points (v, t), as float32 rows of shape (n, 2), or a grid of volumes and times."""

import numpy as np
from numpy.typing import NDArray

from variants.breakage.cases import Case
from variants.breakage.exact import number_density
from variants.breakage.randomness import generator, uniform_rows
from variants.breakage.recipe import Clock
from variants.breakage.timeline import Timeline

Points = NDArray[np.float32]


def collocation_points(case: Case, seed: int, stream: str, index: int, count: int, clock: Clock = "log") -> Points:
    """(count, 2) points, v log-uniform where the density is not zero, and t as `clock` takes it."""
    rows = uniform_rows(seed, stream, index, count)
    times = Timeline(case, clock).times(rows[:, 1])
    return np.stack([_log_uniform(case, rows[:, 0]), times], axis=1).astype(np.float32)


def collocation_grid(
    case: Case, seed: int, index: int, volumes: int, times: int, clock: Clock = "log"
) -> tuple[Points, Points]:
    """(volumes,) log-spaced volumes and (times,) times, whose products are the points of epoch `index`.

    The times are one in each of as many equal parts of the timeline, the parts in random order. The volumes reach from
    the largest one of the domain to a cell's width below the smallest at most: by how much is drawn anew for each
    epoch, so that over a training they lie everywhere, while a node stays where a delta may be.
    """
    random = generator(seed, "collocation", index)
    low, high = case.support
    stretch = (high / low) ** (random.random() / (volumes - 1))
    v = np.geomspace(low / stretch, high, volumes)
    # In random order, because a timeline may take every second time in another way.
    t = Timeline(case, clock).times(random.permutation(np.arange(times) + random.random(times)) / times)
    return v.astype(np.float32), t.astype(np.float32)


def data_points(
    case: Case, seed: int, index: int, count: int, stream: str = "data"
) -> tuple[Points, NDArray[np.float32]]:
    """(count, 2) points, v log-uniform and t one of the data times, and (count,) the exact density there.

    Fresh for each epoch, as the collocation points are.
    """
    rows = uniform_rows(seed, stream, index, count)
    times = np.array(case.data_times)
    v, t = _log_uniform(case, rows[:, 0]), times[(len(times) * rows[:, 1]).astype(int)]
    return np.stack([v, t], axis=1).astype(np.float32), number_density(case, v, t).astype(np.float32)


def _log_uniform(case: Case, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = case.support
    ratio: NDArray[np.float64] = (high / low) ** fraction
    return low * ratio

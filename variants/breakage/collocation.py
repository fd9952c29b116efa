"""The points at which losses are evaluated: (v, t) in float32 rows of shape (n, 2), or a grid of volumes and times."""

import numpy as np
from numpy.typing import NDArray

from variants.breakage.cases import Case
from variants.breakage.exact import number_density
from variants.breakage.randomness import generator, uniform_rows
from variants.breakage.recipe import Clock
from variants.breakage.timeline import Timeline

Points = NDArray[np.float32]


def collocation_points(case: Case, seed: int, stream: str, index: int, count: int, clock: Clock = "log") -> Points:
    """Return (count, 2) points with log-uniform v on the density's support, and t sampled according to `clock`."""
    rows = uniform_rows(seed, stream, index, count)
    times = Timeline(case, clock).times(rows[:, 1])
    return np.stack([_scale_log_uniform(case, rows[:, 0]), times], axis=1).astype(np.float32)


def collocation_grid(
    case: Case, seed: int, index: int, volumes: int, times: int, clock: Clock = "log"
) -> tuple[Points, Points]:
    """Return (volumes,) log-spaced volumes and (times,) times, whose combinations are the points of epoch `index`.

    There is one random time in each of `times` equal parts of the timeline, and the parts are in random order. The
    volumes extend from the largest volume of the domain to the smallest one, or up to the width of a cell below it.
    This extension is random for each epoch, so that the volumes are everywhere during a training, but one node always
    remains where a delta may be.
    """
    random = generator(seed, "collocation", index)
    low, high = case.support
    stretch = (high / low) ** (random.random() / (volumes - 1))
    v = np.geomspace(low / stretch, high, volumes)
    # In random order, because a timeline may treat every second time differently.
    t = Timeline(case, clock).times(random.permutation(np.arange(times) + random.random(times)) / times)
    return v.astype(np.float32), t.astype(np.float32)


def data_points(
    case: Case, seed: int, index: int, count: int, stream: str = "data"
) -> tuple[Points, NDArray[np.float32]]:
    """Return (count, 2) points with log-uniform v and t from the data times, and the (count,) exact densities there.

    They are drawn again for each epoch, like the collocation points.
    """
    rows = uniform_rows(seed, stream, index, count)
    times = np.array(case.data_times)
    v, t = _scale_log_uniform(case, rows[:, 0]), times[(len(times) * rows[:, 1]).astype(int)]
    return np.stack([v, t], axis=1).astype(np.float32), number_density(case, v, t).astype(np.float32)


def _scale_log_uniform(case: Case, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = case.support
    ratio: NDArray[np.float64] = (high / low) ** fraction
    return low * ratio

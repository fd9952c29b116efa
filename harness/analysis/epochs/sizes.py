"""The cost of an epoch by the sizes of its trainer, such as those of its batch or its pool."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MIN_LEVELS = 3
"""The number of different sizes from which on a cost is taken as linear in them."""


def at(indices: NDArray[np.int_], known: Iterable[tuple[int, Mapping[str, float]]]) -> Floats:
    """Return the sizes at (n,) epochs of a schedule, (n, m), from those `known` at some: between two they change
    evenly.

    A size that jumps is known on both sides of the jump if the trainer can seek, since it then reported its sizes at
    the start of each stretch. m is 0 if nothing is known.
    """
    by_index = {index: sizes for index, sizes in known if sizes}
    places = sorted(by_index)
    names = sorted({name for sizes in by_index.values() for name in sizes})
    columns = []
    for name in names:
        having = [place for place in places if name in by_index[place]]
        columns.append(np.interp(indices, having, [by_index[place][name] for place in having]))
    return np.stack(columns, axis=1) if columns else np.empty((len(indices), 0))


def fit(sizes: Floats, seconds: Floats) -> Callable[[Floats], Floats]:
    """Fit the seconds of epochs, (n,), to their sizes, (n, m): returns a function from sizes (k, m) to seconds (k,).

    It is linear in the one size with which the seconds vary most closely: all sizes of a trainer tend to grow together,
    so no sample would separate their effects. With two different sizes, it gives the means that were measured at them,
    and interpolates linearly; with one, the mean.
    """
    spreads = sizes.std(axis=0)
    varying = np.flatnonzero(spreads > 0)
    if not len(varying):
        mean = float(seconds.mean())
        return lambda wanted: np.full(len(wanted), mean)
    centred = (sizes[:, varying] - sizes[:, varying].mean(axis=0)) / spreads[varying]
    chosen = varying[np.argmax(np.abs(centred.T @ (seconds - seconds.mean())))]
    size = sizes[:, chosen]
    levels, where = np.unique(size, return_inverse=True)
    if len(levels) < MIN_LEVELS:
        means = np.bincount(where, seconds) / np.bincount(where)
        return lambda wanted: np.interp(wanted[:, chosen], levels, means)
    slope, constant = np.polyfit(size, seconds, 1)
    return lambda wanted: np.maximum(constant + slope * wanted[:, chosen], 0.0)

"""What an epoch costs by the sizes of its trainer: of its batch, of its pool."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ENOUGH = 3
"""Different sizes from which on a cost is taken to be linear in them."""


def at(indices: NDArray[np.int_], known: Iterable[tuple[int, Mapping[str, float]]]) -> Floats:
    """The sizes at (n,) epochs of a schedule, (n, m), from those `known` at some: between two they change evenly.

    A size that jumps is known on both sides of the jump, if the trainer could seek: it said then what its sizes are
    where each stretch begins. m is 0 where nothing is known.
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
    """The seconds of epochs, (n,), of which the sizes are known, (n, m): a function of sizes (k, m) to seconds (k,).

    Linear in that one size with which the seconds vary most closely: all sizes of a trainer tend to grow together, so
    no sample would tell their shares apart. With two different sizes, what was measured at them, and between them in
    proportion; with one, the mean.
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
    if len(levels) < ENOUGH:
        means = np.bincount(where, seconds) / np.bincount(where)
        return lambda wanted: np.interp(wanted[:, chosen], levels, means)
    slope, constant = np.polyfit(size, seconds, 1)
    return lambda wanted: np.maximum(constant + slope * wanted[:, chosen], 0.0)

"""Terms of a loss that are computed and reported, and make no difference to it: their weight is 0."""

import re
from collections.abc import Sequence

import numpy as np

from harness.record.schema import Epoch

TOTAL = ("loss", "total", "total_loss")
"""Names under which the whole loss is reported."""
_TERM = re.compile(
    r"physics|residual|boundary|initial|equation|(?<![a-z])(pde|ode|bc|ic)s?(?![a-z])",
    re.IGNORECASE,
)
"""In names of what is a term of a PINN's loss for certain. Of others, which may be there to be looked at only, it must
be seen elsewhere that they count."""
_EXACT = 1e-4
"""Relative deviation within which a loss is what its other terms make of it: single precision, and some to spare."""
_ROUNDING = 1e-7
"""Relative deviation that is nothing but rounding."""
_NEARER = 10
"""A term counts, however little, if with it the loss is explained by so many times more exactly."""
_MORE = 3
"""Epochs that there must be beyond the number of terms."""


def idle_terms(epochs: Sequence[Epoch]) -> dict[str, list[str]]:
    """The terms that have no weight, and the kinds of epochs in which they have none."""
    by_kind: dict[str, list[Epoch]] = {}
    for epoch in epochs:
        by_kind.setdefault(epoch.kind, []).append(epoch)
    told = {kind: _idle(own) for kind, own in by_kind.items()}
    names = dict.fromkeys(name for own in told.values() for name in own)
    found = {name: [kind for kind, own in told.items() if own.get(name)] for name in names}
    counts_elsewhere = {name for own in told.values() for name, idle in own.items() if idle is False}
    return {name: kinds for name, kinds in found.items() if kinds and (name in counts_elsewhere or _TERM.search(name))}


def _idle(epochs: Sequence[Epoch]) -> dict[str, bool]:
    """Of the terms of one kind's epochs, whether the loss does without; only those of which that can be told.

    The loss is a fixed combination of other terms, found by least squares, and the term is not, nor does it make that
    combination any more exact: it does without.
    """
    losses = [epoch.losses for epoch in epochs]
    total = next((name for name in TOTAL if all(name in own for own in losses)), None)
    names = [name for name in losses[0] if name != total and all(own.get(name) is not None for own in losses)]
    if total is None or len(losses) < len(names) + _MORE or any(own[total] is None for own in losses):
        return {}
    whole = np.array([own[total] for own in losses], dtype=float)
    terms = {name: np.array([own[name] for own in losses], dtype=float) for name in names}
    found = {}
    for name, values in terms.items():
        others = [own for other, own in terms.items() if other != name]
        if others and _misfit(values, others) > _EXACT:
            without = _misfit(whole, others)
            counts = without > max(_ROUNDING, _NEARER * _misfit(whole, [*others, values]))
            found[name] = without <= _EXACT and not counts
    return found


def _misfit(values: "np.ndarray[tuple[int], np.dtype[np.float64]]", others: Sequence[np.ndarray]) -> float:
    """How far `values` are from a fixed combination of `others`: the largest relative deviation."""
    columns = np.stack(others, axis=1)
    scale = np.abs(columns).max(axis=0)
    columns = columns / np.where(scale > 0, scale, 1.0)  # a small term is not to drown in the rounding of a large one
    weights, *_ = np.linalg.lstsq(columns, values, rcond=None)
    apart, size = np.abs(columns @ weights - values), np.abs(values)
    return float(np.max(np.divide(apart, size, out=np.where(apart > 0, np.inf, 0.0), where=size > 0)))

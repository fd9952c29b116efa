"""Finds terms of a loss that are computed and reported but do not affect it: their weight is 0."""

import re
from collections.abc import Sequence

import numpy as np

from harness.record.schema import Epoch

TOTAL = ("loss", "total", "total_loss")
"""Names under which the total loss is reported."""
_TERM = re.compile(
    r"physics|residual|boundary|initial|equation|(?<![a-z])(pde|ode|bc|ic)s?(?![a-z])",
    re.IGNORECASE,
)
"""Matches names that are certainly terms of a PINN's loss. Other names may be reported for information only, so they
must affect the loss in another kind of epoch."""
_EXACT = 1e-4
"""The relative deviation within which a loss equals the combination of its other terms: single precision, with a
margin."""
_ROUNDING = 1e-7
"""The relative deviation that is only rounding."""
_IMPROVEMENT = 10
"""A term counts, however small, if the loss is explained this many times more exactly with it."""
_EXTRA_EPOCHS = 3
"""The number of epochs that are needed beyond the number of terms."""


def idle_terms(epochs: Sequence[Epoch]) -> dict[str, list[str]]:
    """Return the terms without weight, with the kinds of epochs in which they have none."""
    by_kind: dict[str, list[Epoch]] = {}
    for epoch in epochs:
        by_kind.setdefault(epoch.kind, []).append(epoch)
    idle_by_kind = {kind: _find_idle(own) for kind, own in by_kind.items()}
    names = dict.fromkeys(name for own in idle_by_kind.values() for name in own)
    found = {name: [kind for kind, own in idle_by_kind.items() if own.get(name)] for name in names}
    counts_elsewhere = {name for own in idle_by_kind.values() for name, idle in own.items() if idle is False}
    return {name: kinds for name, kinds in found.items() if kinds and (name in counts_elsewhere or _TERM.search(name))}


def _find_idle(epochs: Sequence[Epoch]) -> dict[str, bool]:
    """Return whether each term of one kind's epochs is idle; terms for which this cannot be determined are left out.

    A term is idle if the loss is a fixed combination of the other terms, found by least squares, the term itself is
    not, and it does not make that combination more exact.
    """
    losses = [epoch.losses for epoch in epochs]
    total = next((name for name in TOTAL if all(name in own for own in losses)), None)
    names = [name for name in losses[0] if name != total and all(own.get(name) is not None for own in losses)]
    if total is None or len(losses) < len(names) + _EXTRA_EPOCHS or any(own[total] is None for own in losses):
        return {}
    whole = np.array([own[total] for own in losses], dtype=float)
    terms = {name: np.array([own[name] for own in losses], dtype=float) for name in names}
    found = {}
    for name, values in terms.items():
        others = [own for other, own in terms.items() if other != name]
        if others and _compute_misfit(values, others) > _EXACT:
            without = _compute_misfit(whole, others)
            counts = without > max(_ROUNDING, _IMPROVEMENT * _compute_misfit(whole, [*others, values]))
            found[name] = without <= _EXACT and not counts
    return found


def _compute_misfit(values: "np.ndarray[tuple[int], np.dtype[np.float64]]", others: Sequence[np.ndarray]) -> float:
    """Return the largest relative deviation of `values` from a fixed combination of `others`."""
    columns = np.stack(others, axis=1)
    scale = np.abs(columns).max(axis=0)
    columns = columns / np.where(scale > 0, scale, 1.0)  # a small term must not drown in the rounding of a large one
    weights, *_ = np.linalg.lstsq(columns, values, rcond=None)
    apart, size = np.abs(columns @ weights - values), np.abs(values)
    return float(np.max(np.divide(apart, size, out=np.where(apart > 0, np.inf, 0.0), where=size > 0)))

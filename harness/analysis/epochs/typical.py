"""The epochs that show what an epoch of their kind takes: not the first of the kind, and without traces or
compilations."""

from collections.abc import Iterable

from harness.record import evidence
from harness.record.schema import Epoch


def undisturbed(epoch: Epoch) -> bool:
    """Whether the epoch only trained, as far as was observed."""
    return not (epoch.first or evidence.traces(epoch) or evidence.compilations(epoch))


def typical_epochs(epochs: Iterable[Epoch]) -> list[Epoch]:
    """Return the undisturbed epochs of each kind; for a kind without any, those that are not its first, if there are
    others."""
    own = by_kind(later(epochs)).values()
    return [epoch for some in own for epoch in [one for one in some if undisturbed(one)] or some]


def later(epochs: Iterable[Epoch]) -> list[Epoch]:
    """Return the epochs that are not the first of their kind, by kind; a kind with only a first epoch keeps it."""
    own = by_kind(epochs).values()
    return [epoch for some in own for epoch in [one for one in some if not one.first] or some]


def by_kind(epochs: Iterable[Epoch]) -> dict[str, list[Epoch]]:
    """Return the epochs of each kind, in the order in which the kinds first occur."""
    found: dict[str, list[Epoch]] = {}
    for epoch in epochs:
        found.setdefault(epoch.kind, []).append(epoch)
    return found


def all_traced(epochs: Iterable[Epoch]) -> bool:
    """Whether every epoch traced or compiled, so that their times are not those of their work."""
    return all(evidence.traces(epoch) or evidence.compilations(epoch) for epoch in epochs)

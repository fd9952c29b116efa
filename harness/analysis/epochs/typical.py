"""Which epochs show what an epoch of their kind takes: those that neither opened the kind, nor traced, nor compiled."""

from collections.abc import Iterable

from harness.record import evidence
from harness.record.schema import Epoch


def undisturbed(epoch: Epoch) -> bool:
    """Whether it did nothing but train, as far as was seen."""
    return not (epoch.first or evidence.traces(epoch) or evidence.compilations(epoch))


def typical(epochs: Iterable[Epoch]) -> list[Epoch]:
    """The undisturbed epochs of each kind; of a kind without any, those that are not its first, if there are others."""
    own = by_kind(later(epochs)).values()
    return [epoch for some in own for epoch in [one for one in some if undisturbed(one)] or some]


def later(epochs: Iterable[Epoch]) -> list[Epoch]:
    """Those that are not the first of their kind, by kind; of a kind without others, that one."""
    own = by_kind(epochs).values()
    return [epoch for some in own for epoch in [one for one in some if not one.first] or some]


def by_kind(epochs: Iterable[Epoch]) -> dict[str, list[Epoch]]:
    """The epochs of each kind, in the order in which the kinds first come."""
    found: dict[str, list[Epoch]] = {}
    for epoch in epochs:
        found.setdefault(epoch.kind, []).append(epoch)
    return found


def all_traced(epochs: Iterable[Epoch]) -> bool:
    """Whether every one of these traced or compiled, so that what they take is not what their work takes."""
    return all(evidence.traces(epoch) or evidence.compilations(epoch) for epoch in epochs)

"""Whether the seed changes anything in a training.

A training that ignores its seed gives the same losses for every seed, bit for bit. Whatever is said over seeds is then
said of one training, repeated. Losses that differ show little: a program that is not seeded at all gives such too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.analysis.epochs.prefix import first_process, pair_epochs
from harness.plan.plan import ANOTHER_SEED
from harness.record.lines import Lines


@dataclass(frozen=True)
class SeedIgnored:
    """Two seeds from which an arm's losses are the same, bit for bit."""

    seeds: tuple[int, int]
    epochs: int
    """The number of epochs that both ran in the same order from the first on: the losses of all of them are equal."""


def find_seed_ignored(record: Lines, arm: str) -> SeedIgnored | None:
    """Return in how many epochs the seed changed nothing. None if it changed anything, if only one seed ran, or if the
    losses of these epochs do not change either, so that being equal says nothing."""
    one = first_process(record.slices, arm)
    other = first_process([piece for piece in record.watched if piece.probe == ANOTHER_SEED], arm)
    pairs = [(mine.losses, theirs.losses) for mine, theirs in pair_epochs(one, other) if mine.losses or theirs.losses]
    if any(mine != theirs for mine, theirs in pairs) or not vary(losses for losses, _ in pairs):
        return None
    return SeedIgnored((record.plan.seed, record.plan.another_seed), len(pairs))


def vary(numbers: Iterable[Mapping[str, float | None]]) -> bool:
    """Whether any of these numbers, by name, takes more than one finite value."""
    seen: dict[str, set[float]] = {}
    for one in numbers:
        for name, value in one.items():
            if value is not None:
                seen.setdefault(name, set()).add(value)
    return any(len(values) > 1 for values in seen.values())

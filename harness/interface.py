"""What a variant must offer, and what it may: the only part of `harness` that training code needs to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Trainer(Protocol):
    """A variant built for one case, scale and seed. `epoch` is all that is required of it.

    It may also offer:

    - `epochs: int`, the length of its schedule;
    - `kind(index) -> str`, which sort of epoch an index is: kinds cost differently and are kept apart;
    - `seek(index)`, which puts batch, pool and weights where training would have them at that epoch,
      so that late epochs can be sampled without training up to them. It goes forward and backward; after `seek(0)` an
      untrained one must be as it was when built;
    - `evaluate() -> Mapping[str, float]`, its quality as it is now, in metrics of which lower is better: what
      `harness converge` asks for between epochs. It is never timed, and must leave the training as it was;
    - `objective() -> Mapping[str, float]`, the terms of its loss by name, at its present weights, on one batch that is
      the same for every variant built from that seed: what shows whether two variants minimise the same thing. It is
      asked for in some processes, before any epoch, and never timed. It must not train, must leave the
      random generators of the process as they were, and should trace functions of its own: what it traces of an
      epoch's would be missing from the cost of the first one;
    - `state() -> Mapping[str, float]`, sizes that an epoch's cost depends on, such as the points in its pool and in its
      batch: asked for before every epoch, and never timed. With `seek`, it is also asked, before anything trains, where
      each stretch of the schedule begins: so it is known how a cost that grows goes on between the epochs sampled.
    """

    def epoch(self, index: int) -> Mapping[str, float]:
        """Train for epoch `index` and return its losses as Python floats, so that the work is done on return."""


@dataclass(frozen=True)
class Variant:
    """A way of training, with a name. Making one imports nothing heavy: `build` does that when it is called."""

    name: str
    summary: str
    build: Callable[..., Trainer]
    """Called as `build(case=..., scale=..., seed=..., epochs=..., **settings)`; of these four, those that its signature
    has. `epochs` is the length of the training that `harness converge --epochs` asks for, and not passed otherwise."""
    baseline: str | None = None
    """The name of the variant that this one changes."""
    cases: tuple[str, ...] = ()
    """The cases it can be built for; empty where it has none to choose from, or does not say."""
    scales: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    """The names that `evaluate` returns, the one to lead with first."""
    epochs: Mapping[str, int] | int | None = None
    """How many epochs a comparison runs where nobody says: one number, or one for each scale."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What else `build` is called with. Of two variants that one function builds, with settings of the same names, the
    changes that `harness ablate` takes apart are the settings in which they differ. Those of a variant in a file or
    module are read from its definition, which nothing runs: they are to be written out there as a dictionary."""
    changes: Mapping[str, str] = field(default_factory=dict)
    """What this variant changes, each by a name with a few words, where settings do not tell. `harness ablate` without
    `--from` goes from none of them to all. It calls `build` with `changes`, a list of the names of those to make, in
    this order; called without, `build` makes all of them. They are to be written out, too."""


@dataclass(frozen=True)
class Collection:
    """Variants that belong together: what an entry point in the group `harness.variants` is, or returns when called."""

    variants: tuple[Variant, ...]
    compared: tuple[str, ...] = ()
    """The names that `harness compare` takes where none are given, the baseline first; `harness converge` likewise."""
    references: tuple[str, ...] = ()
    """Names of variants that are no training but something to hold trainings against, such as a classical solver, whose
    epoch i solves once more and better. `harness converge` shows each beside the trainings of this collection."""
    case: str | None = None
    """The case that is taken where nobody chooses one; `scale` likewise. None is the first that all arms have."""
    scale: str | None = None
    small_scale: str | None = None
    """The scale of gates and self-checks: what they see there they see in a minute."""
    preload: tuple[str, ...] = ()
    """Modules that building any variant of the collection imports, its references apart. They are imported once
    a run, in a process from which its arms are then forked. So importing them must compute nothing, and start no thread
    that anybody needs: in a forked process there is none. Modules that an epoch imports are not for here: somebody who
    trains would wait for them."""


class PhaseWatcher(Protocol):
    """Something told where one phase begins and ends."""

    def enter(self, name: str) -> None: ...

    def leave(self, name: str) -> None: ...


_watcher: PhaseWatcher | None = None


class phase:  # noqa: N801 - it reads as a statement: `with phase("refine"):`
    """Mark a part of an epoch, so that a profile can say what it cost.

    A slotted class costs a quarter of a generator-based context manager, and next to nothing while nobody watches.
    Inside a compiled step use the framework's own scopes: Python there runs only while tracing.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> phase:
        if _watcher is not None:
            _watcher.enter(self.name)
        return self

    def __exit__(self, *exception: object) -> None:
        if _watcher is not None:
            _watcher.leave(self.name)


def watch_phases(watcher: PhaseWatcher | None) -> None:
    """Tell `watcher` of every phase in this process from now on, or nobody if it is None."""
    global _watcher  # noqa: PLW0603 - one for the process, like the phases themselves
    _watcher = watcher

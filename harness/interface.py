"""The interface of training code to `harness`: what a variant must provide, and what it may provide.

This is the only part of `harness` that training code needs to know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Trainer(Protocol):
    """A variant built for one case, scale and seed. Only `epoch` is required.

    A trainer may also provide:

    - `epochs: int`: the length of its schedule. A trainer that provides `seek` must provide it.
    - `kind(index) -> str`: the kind of epoch `index`. Epochs of different kinds may differ in cost and are kept apart
      in all results. Without this method, all epochs are of one kind.
    - `seek(index)`: put batch, pool and weights into the state that training would have reached before that epoch. This
      lets harness sample late epochs without training up to them. It must work forward and backward. After `seek(0)`,
      a trainer that has not run any epoch must be in the state in which it was built.
    - `evaluate() -> Mapping[str, float]`: the current quality, as one or more metrics of which lower is better.
      `harness converge` calls it between epochs. Its time is never measured. It must not change the state of the
      training.
    - `objective() -> Mapping[str, float]`: the terms of the loss by name, for the current weights, on one batch that is
      the same for every variant built from the same seed. It shows whether two variants minimise the same function.
      harness calls it in some processes, before any epoch, and never measures its time. It must not train and must
      leave the random generators of the process unchanged. It should trace functions of its own: if it traces a
      function that an epoch uses, that tracing is missing from the cost of the first epoch.
    - `state() -> Mapping[str, float]`: finite sizes on which the cost of an epoch depends, such as the number of points
      in the pool and in the batch. harness calls it before every epoch and never measures its time. For a trainer with
      `seek`, harness also calls it at the start of the segments of the schedule, before anything trains. That shows how
      a growing cost develops between the sampled epochs.
    """

    def epoch(self, index: int) -> Mapping[str, float]:
        """Train for epoch `index` and return its losses by name.

        The losses must be Python floats, so that all work of the epoch is finished when this method returns.
        """


@dataclass(frozen=True)
class Variant:
    """A named way of training. Creating one imports nothing heavy: `build` does that when it is called."""

    name: str
    summary: str
    build: Callable[..., Trainer]
    """Builds the trainer. It is called with the keyword arguments `case`, `scale`, `seed` and `epochs`, as far as its
    signature accepts them, and with all of `settings`. `epochs` is the training length requested with
    `harness converge --epochs`; otherwise it is not passed."""
    baseline: str | None = None
    """The name of the variant that this one modifies."""
    cases: tuple[str, ...] = ()
    """The cases for which it can be built. Empty if there is no choice of cases, or if they are not declared."""
    scales: tuple[str, ...] = ()
    """The scales at which it can be built. Empty as for `cases`."""
    metrics: tuple[str, ...] = ()
    """The names of the metrics that `evaluate` returns, the main one first."""
    epochs: Mapping[str, int] | int | None = None
    """Default number of epochs that a comparison runs: one number, or a number for each scale."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Further keyword arguments for `build`. If one function builds two variants, with settings of the same names,
    `harness ablate` treats each setting in which they differ as one change. The settings of a variant in a file or
    module are read from its source without running it, so they must be written there as a literal dictionary."""
    changes: Mapping[str, str] = field(default_factory=dict)
    """The changes that this variant makes, each a name with a short description, for variants whose settings do not
    show them. `harness ablate` without `--from` measures the steps from none of these changes to all of them. It calls
    `build` with `changes`, a list of the names of the changes to make, in this order. Without that argument, `build`
    must make all of them. Like `settings`, they must be written as a literal dictionary."""


@dataclass(frozen=True)
class Collection:
    """Variants that belong together.

    An entry point in the group `harness.variants` is a collection, or something that returns one when called.
    """

    variants: tuple[Variant, ...]
    compared: tuple[str, ...] = ()
    """The names of the variants that `harness compare` and `harness converge` run by default, the baseline first."""
    references: tuple[str, ...] = ()
    """The names of variants that are not trainings but references for comparison with them, such as a classical solver.
    Each epoch of a reference solves the problem again, more accurately than the epoch before. `harness converge` shows
    each reference next to the trainings of this collection."""
    case: str | None = None
    """The default case. None selects the first one that all arms have."""
    scale: str | None = None
    """The default scale. None selects the first one that all arms have."""
    small_scale: str | None = None
    """The default scale of gates and self-checks: one at which a minute of measuring is enough for them."""
    preload: tuple[str, ...] = ()
    """The modules that building any variant of the collection imports, references excepted. harness imports them once
    per run, in a process from which it then forks the arms. Importing them must therefore not compute anything, and
    must not start threads that are needed later: a forked process does not have them. Do not list modules that are
    imported during an epoch: a user who trains waits for that import, so it belongs to the measured time."""

    requires: tuple[str, ...] = ()
    """The top-level modules that must be installed for any of its variants, references excepted. If one is missing,
    harness says so before it measures anything."""
    install: str = ""
    """The command that installs them, for that message."""


class PhaseWatcher(Protocol):
    """Receives the begin and the end of each phase."""

    def enter(self, name: str) -> None: ...

    def leave(self, name: str) -> None: ...


_watcher: PhaseWatcher | None = None


class phase:  # noqa: N801 - it reads as a statement: `with phase("refine"):`
    """Mark a part of an epoch, so that a profile can report its cost.

    Use it as a context manager: `with phase("refine"):`. Its cost is negligible while no phases are watched: a class
    with slots takes a quarter of the time of a generator-based context manager. Inside a compiled step, use the scopes
    of the framework instead, because Python code there runs only during tracing.
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
    """Report every phase in this process to `watcher` from now on. None stops the reporting."""
    global _watcher  # noqa: PLW0603 - one per process, as phases are
    _watcher = watcher

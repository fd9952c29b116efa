"""What the counters have in common that need an epoch of their own: its time would not be that of training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from harness.worker.probes.base import Framework
from harness.worker.probes.counted import Place, make_counted
from harness.worker.probes.rates import measure_rates
from harness.worker.probes.spent import Spent, average, leave_out_first
from harness.worker.wire.evidence import TensorPeak, Variables
from harness.worker.wire.messages import Counted

NOTHING_TIMED = "no epoch ran in which operations were timed"
TRACED = "the epochs in which operations were timed traced or compiled"
NOTHING_RAN = "no epoch ran in which operations were counted"


class CountingApart(ABC):
    """A `Counter` whose `watching` fills `by_kind`, or says in `trouble` why it cannot."""

    disturbs = True
    nothing_seen: str
    """Why there is nothing to count, if epochs were watched."""

    def __init__(self, framework: Framework) -> None:
        self._framework = framework
        self.by_kind: dict[str, Counter[Place]] = {}
        """The operations of the latest epoch of each kind in which some were seen."""
        self.spent: dict[str, list[Spent]] = {}
        """The times of the epochs of each kind that traced nothing."""
        self.untimed: str | None = None
        """Why the operations that were counted could not be timed, or None."""
        self.watched = False
        self.trouble: str | None = None
        """Why the latest epoch could not be counted, or None."""
        self.tensors: dict[str, TensorPeak] = {}
        """The highest peak of tensors in the epochs of each kind."""
        self.no_tensors: str | None = None
        """Why there is no peak of tensors in the latest epoch, or None."""

    def is_used(self) -> bool:
        return self._framework.loaded is not None and self._framework.computes()

    def forget_times(self, kind: str) -> None:
        if self.spent.get(kind):
            self.spent[kind].pop()

    @property
    def ran(self) -> Mapping[str, Sequence[tuple[float, float]]]:
        return {} if self.untimed else {kind: own[-1].ran for kind, own in self.spent.items() if own}

    @property
    def timed(self) -> Mapping[str, Sequence[Spent]]:
        return {} if self.untimed else {kind: leave_out_first(own) for kind, own in self.spent.items() if own}

    @abstractmethod
    def watching(self, kind: str, apart: bool) -> AbstractContextManager[None]:
        """Return a context in which an epoch of `kind` runs and its operations are counted."""

    @abstractmethod
    def _prepare_product(self, size: int) -> Callable[[], object]:
        """Return a function that multiplies two matrices of this size, and waits for the product."""

    @abstractmethod
    def _prepare_sum(self, size: int) -> Callable[[], object]:
        """Return a function that adds one vector of this size to another in place, and waits for the sum."""

    def _measure_variables(self) -> Variables | None:
        """Return the memory of the training's variables, if the framework tells it."""
        return None

    def count(self, rate: bool) -> Counted | None:
        if not self.is_used():
            return None
        found = {} if self.trouble else self.by_kind
        spent = {} if self.untimed else {kind: average(own) for kind, own in self.spent.items() if own}
        missing = self.nothing_seen if self.watched else NOTHING_RAN
        counted = make_counted(
            found,
            self.trouble or (None if found else missing),
            measure_rates(self._prepare_product, self._prepare_sum) if rate else None,
            self._measure_variables(),
            spent if found else {},
            self.untimed or (TRACED if found and not spent else None),
        )
        no_tensors = self.trouble or self.no_tensors or (None if self.tensors else missing)
        return replace(counted, tensors={} if no_tensors else self.tensors, no_tensors=no_tensors)

    def _note_tensors(self, kind: str, peak: TensorPeak | str) -> None:
        """Note the peak of tensors in an epoch, or why there is none."""
        self.no_tensors = peak if isinstance(peak, str) else None
        if isinstance(peak, TensorPeak) and (kind not in self.tensors or peak.bytes > self.tensors[kind].bytes):
            self.tensors[kind] = peak

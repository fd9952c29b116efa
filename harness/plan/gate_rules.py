"""The rules of a gate: each metric's tolerance, and which arms are compared."""

from typing import Any, Literal

import msgspec

Unsure = Literal["fail", "warn", "pass"]
Losses = Literal["same", "rounding", "any"]
EPOCH_TIME, TOTAL_TIME, FIRST_EPOCH_TIME = "epoch_time", "total_time", "first_epoch_time"
PEAK_MEMORY, PEAK_TENSORS = "peak_memory", "peak_tensors"
TRACES, RETRACES, COMPILATIONS, FLOPS = "traces", "retraces", "compilations", "flops"
LOSSES, OBJECTIVE, QUALITY, GROWTH = "losses", "objective", "quality", "growth"
TIMES = EPOCH_TIME, TOTAL_TIME, FIRST_EPOCH_TIME


class Tolerances(msgspec.Struct, frozen=True):
    """How much worse each metric may get. The default tolerances are in `analysis.metrics`."""

    values: dict[str, float | int | str | None] = {}
    """By the metric's name: a fraction, a number of events, or for losses a word (see `Losses`). A metric with None, or
    without an entry, is not gated."""

    def __getitem__(self, metric: str) -> Any:
        """Return the tolerance of `metric`; None if it is not gated."""
        return self.values.get(metric)

    def of_total_time(self, once: float) -> float:
        """Return the tolerance of the time of the whole schedule, as a fraction.

        `once` is the fraction of that time spent on tracing and compiling. That part has the tolerance of the first
        epoch if it is larger; the rest has the tolerance of the total time.
        """
        whole = self[TOTAL_TIME] or 0.0
        return float(whole + max((self[FIRST_EPOCH_TIME] or 0.0) - whole, 0.0) * once)

    @property
    def counts(self) -> bool:
        """Whether a metric is gated that needs a separate counting pass."""
        return any(value is not None for name, value in self.values.items() if name not in TIMES)


class Triple(msgspec.Struct, frozen=True):
    """The arms of one variant, by their labels in the plan."""

    name: str
    head: str
    base: str | None
    """None if stored runs replace both this arm and `base_repeat`."""
    base_repeat: str | None = msgspec.field(name="again")
    """A repeat of the base, which shows how much two runs of the same code differ."""
    tolerances: Tolerances

    @property
    def arms(self) -> tuple[str, ...]:
        """The labels of all its arms, base first and head last."""
        return tuple(filter(None, (self.base, self.base_repeat, self.head)))

    @property
    def baseline(self) -> str:
        """The label of the arm with which the others are compared."""
        return self.base or self.head


class Gate(msgspec.Struct, frozen=True):
    """What a gate decides, and from which arms."""

    triples: tuple[Triple, ...]
    unsure: Unsure = "fail"
    """Whether a check that is unsure fails the gate, warns or passes."""
    base: str = ""
    """A description of what the head is compared with."""
    head: str = ""
    """A description of the head."""

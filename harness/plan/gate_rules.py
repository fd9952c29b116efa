"""What a gate lets pass: each metric's tolerance, and which arms are held against which."""

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
    """How much worse each metric may get, by its name: a share, a number of events, or a word for losses. None, or no
    mention, is not gated. What metrics have by default is in `analysis.metrics`."""

    values: dict[str, float | int | str | None] = {}

    def __getitem__(self, metric: str) -> Any:
        return self.values.get(metric)

    def of_total_time(self, once: float) -> float:
        """Of the whole schedule, where tracing and compiling take the share `once` of it: what each part may. What they
        take may grow as the first epoch may."""
        whole = self[TOTAL_TIME] or 0.0
        return float(whole + max((self[FIRST_EPOCH_TIME] or 0.0) - whole, 0.0) * once)

    @property
    def counts(self) -> bool:
        """Whether anything is gated that takes a pass of its own."""
        return any(value is not None for name, value in self.values.items() if name not in TIMES)


class Triple(msgspec.Struct, frozen=True):
    """The arms of one variant: labels in the plan."""

    name: str
    head: str
    base: str | None
    """None where stored runs take its place, and that of `again`."""
    again: str | None
    """The base a second time, which shows how far apart two runs of the same are."""
    tolerances: Tolerances

    @property
    def arms(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.base, self.again, self.head)))


class Gate(msgspec.Struct, frozen=True):
    """What a gate is to decide, and from what."""

    triples: tuple[Triple, ...]
    unsure: Unsure = "fail"
    base: str = ""
    """What the head is held against, in words."""
    head: str = ""

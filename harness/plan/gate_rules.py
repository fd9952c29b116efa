"""What a gate lets pass: each metric's tolerance, and which arms are held against which."""

from typing import Literal

import msgspec

Share = float | None
Unsure = Literal["fail", "warn", "pass"]
Losses = Literal["same", "rounding", "any"]
EPOCH_TIME, TOTAL_TIME, FIRST_EPOCH_TIME = "epoch_time", "total_time", "first_epoch_time"
PEAK_MEMORY, PEAK_TENSORS = "peak_memory", "peak_tensors"
TRACES, COMPILATIONS, FLOPS, LOSSES, QUALITY = "traces", "compilations", "flops", "losses", "quality"
TIMES = EPOCH_TIME, TOTAL_TIME, FIRST_EPOCH_TIME


class Tolerances(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much worse each metric may get; None is not gated. Shares, unless it says otherwise."""

    epoch_time: Share = 0.03
    """Of each kind of epoch that has a share in the whole schedule worth speaking of."""
    total_time: Share = 0.03
    """Of the whole schedule, but for what tracing and compiling take of it: of that, as of the first epoch."""
    first_epoch_time: Share = 0.25
    peak_memory: Share = 0.10
    """Resident memory of the process."""
    peak_tensors: Share = 0.01
    """What the framework's allocator held at once."""
    traces: int | None = 0
    """How many more there may be, over the same epochs."""
    compilations: int | None = 0
    """Likewise."""
    flops: Share = 0.0
    """Of each kind of epoch."""
    losses: Losses | None = "same"
    """Bit for bit the same; or apart by rounding, when they first differ; or whatever they are."""
    quality: Share = 0.05
    """Of each metric of `evaluate()`, after the same epochs."""

    def of_total_time(self, once: float) -> float:
        """Of the whole schedule, where tracing and compiling take the share `once` of it: what each part may."""
        whole = self.total_time or 0.0
        return whole + max((self.first_epoch_time or 0.0) - whole, 0.0) * once

    @property
    def counts(self) -> bool:
        """Whether anything is gated that takes a pass of its own."""
        return any(getattr(self, name) is not None for name in self.__struct_fields__ if name not in TIMES)


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

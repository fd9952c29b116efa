"""How fast the GPUs' clocks were at the end of each turn, and what held them down.

A clock that follows heat or power makes an arm slower that runs when it is low. In turns that affects all arms alike
where it lasts; where an arm heats the GPU itself, it does not.
"""

from dataclasses import dataclass
from math import log

from harness.record.lines import Lines

LOWEST = 0.75
"""The share of its highest clock below which a GPU counts as slowed down, as NVIDIA's NVBench discards samples below 75
% of the usual clock (https://github.com/NVIDIA/nvbench)."""


@dataclass(frozen=True)
class Clocks:
    """The clocks of the GPUs over the timed turns of one arm that uses GPUs."""

    turns: int
    slowed: int
    """The number of turns at whose end a clock was held down, or below `LOWEST`."""
    reasons: tuple[str, ...]
    """What held clocks down, the most frequent first; empty if nothing said so."""
    mean: float
    """The mean clock, in MHz, weighted with the time of the turns."""


def clocks(record: Lines) -> dict[str, Clocks]:
    """Return the clocks by arm, of the GPUs on which it held memory."""
    used: dict[str, set[int]] = {}
    for end in record.ends:
        if end.gpu_bytes:
            used.setdefault(end.arm, set()).update(end.gpu_bytes)
    found = {}
    for arm, numbers in used.items():
        turns = [
            (sum(epoch.wall for epoch in piece.epochs), [gpu for gpu in piece.gpus if gpu.gpu in numbers])
            for piece in record.slices
            if piece.arm == arm and piece.round
        ]
        turns = [(seconds, gpus) for seconds, gpus in turns if gpus]
        if not turns:
            continue
        named = [reason for _, gpus in turns for gpu in gpus for reason in gpu.slowed_by]
        cycles = sum(seconds * sum(gpu.clock for gpu in gpus) / len(gpus) for seconds, gpus in turns)
        found[arm] = Clocks(
            turns=len(turns),
            slowed=sum(any(gpu.slowed_by or gpu.clock < LOWEST * gpu.highest for gpu in gpus) for _, gpus in turns),
            reasons=tuple(sorted(dict.fromkeys(named), key=lambda reason: -named.count(reason))),
            mean=cycles / sum(seconds for seconds, _ in turns),
        )
    return found


def ratio_in_cycles(ratio: float, own: Clocks | None, baseline: Clocks | None, tolerance: float) -> float | None:
    """Return the ratio of two arms' GPU cycles, if their times differ by more than the tolerance and their cycles do
    not. None otherwise, and if the clocks are not known. `ratio` is that of the times."""
    if own is None or baseline is None:
        return None
    cycles = ratio * own.mean / baseline.mean
    return cycles if abs(log(cycles)) <= log(1 + tolerance) < abs(log(ratio)) else None

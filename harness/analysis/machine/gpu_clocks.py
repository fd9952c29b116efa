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
    """Return the clocks by arm, for arms that held memory on a GPU.

    On a machine with several GPUs all of them count, because it is not known which ones an arm computed on.
    """
    users = {end.arm for end in record.ends if end.gpu_bytes}
    found = {}
    for arm in users:
        own = [piece for piece in record.slices if piece.arm == arm and piece.round and piece.gpus]
        if not own:
            continue
        seconds = [sum(epoch.wall for epoch in piece.epochs) for piece in own]
        speeds = [sum(gpu.clock for gpu in piece.gpus) / len(piece.gpus) for piece in own]
        named = [reason for piece in own for gpu in piece.gpus for reason in gpu.slowed_by]
        found[arm] = Clocks(
            turns=len(own),
            slowed=sum(any(gpu.slowed_by or gpu.clock < LOWEST * gpu.highest for gpu in piece.gpus) for piece in own),
            reasons=tuple(sorted(dict.fromkeys(named), key=lambda reason: -named.count(reason))),
            mean=sum(speed * took for speed, took in zip(speeds, seconds, strict=True)) / sum(seconds),
        )
    return found


def ratio_in_cycles(ratio: float, own: Clocks | None, baseline: Clocks | None, tolerance: float) -> float | None:
    """Return the ratio of two arms' GPU cycles, if their times differ by more than the tolerance and their cycles do
    not. None otherwise, and if the clocks are not known. `ratio` is that of the times."""
    if own is None or baseline is None:
        return None
    cycles = ratio * own.mean / baseline.mean
    return cycles if abs(log(cycles)) <= log(1 + tolerance) < abs(log(ratio)) else None

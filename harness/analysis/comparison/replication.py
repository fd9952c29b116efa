"""How many rounds the next block has, and how many blocks there may be, from what the blocks before have shown.

Rounds average what varies within a process, and only blocks average what differs between processes, but each block has
a price before its first round: processes start, trace and compile. The mean over all blocks is most certain in a given
time with sqrt((price of a block / price of a round) * (variance within / variance between)) rounds in each (T. Kalibera
and R. Jones, "Rigorous benchmarking in reasonable time", ISMM 2013). Two or three blocks say little about the variance
between them, so a usual one counts like `WEIGHT` further blocks.

The number of blocks is chosen once, before any verdict, by what a block takes. So it does not depend on any ratio, and
the levels of all looks are known before the first one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import variance

from msgspec.structs import replace

from harness.analysis.stats.levels import FIRST_LOOK, MOST
from harness.plan.plan import ROUNDS
from harness.record.lines import Lines
from harness.record.schema import Look, Slice

FEWEST_ROUNDS = 5
"""The fewest rounds of which a trimmed mean leaves out one at each end."""
BETWEEN, WEIGHT = 0.01, 2
"""The usual standard deviation of the log-ratio between processes, and the number of blocks that it counts like."""
LEAST = 1 / 3
"""The variance between processes is taken to be at least that of this fraction of `BETWEEN`."""
STARTS = 0.5
"""Seconds that processes take to start, apart from their first epochs, before any block has shown it."""
UNASKED = 60.0
"""Seconds of blocks that may follow the first ones if the user has not limited the time."""
SPARE = 1.25
"""How many times as many blocks are planned as would fit if all took as long as the latest one."""


@dataclass(frozen=True)
class Scatter:
    """How much the log-ratio of an arm varies."""

    within: float
    """Standard deviation of the rounds of a process."""
    by_block: Sequence[float]
    """The log-ratio of each block."""


def adapt(look: Look, record: Lines, elapsed: float, scatters: Iterable[Scatter] = ()) -> Look:
    """Return the look with the numbers of rounds and, before the first verdict, of blocks that follow from the record
    so far; `elapsed` seconds have passed since the command began.

    If a gate's training has no length, the first epochs count with all others that ran, so each block has to run as
    many, and the rounds stay as they are.
    """
    plan, done = record.plan, len(record.blocks_done)
    if not plan.adapts or not look.go_on:
        return look
    if done == FIRST_LOOK - 1:
        look = replace(look, most=_choose_most(record, elapsed))
    if plan.epochs is None and plan.gate is None and not _is_complete(record):
        look = replace(look, rounds=_choose_rounds(record, list(scatters)))
    return look


def _choose_most(record: Lines, elapsed: float) -> int:
    plan, done = record.plan, len(record.blocks_done)
    ends = [end for end in (plan.budget, plan.patience) if end is not None]
    seconds = min(ends) - elapsed if ends else UNASKED
    fitting = done + ceil(SPARE * max(seconds, 0.0) / max(record.blocks_done[-1].seconds or 0.0, 0.1))
    least = plan.blocks if plan.budget is None else plan.fewest
    return max(min(fitting, MOST), least)


def _choose_rounds(record: Lines, scatters: Sequence[Scatter]) -> int | None:
    """Return the number of rounds of the next blocks; None if too little is known to choose it."""
    prices = _find_prices(record)
    wanted = [_find_optimum(*prices, one) for one in scatters] if prices else []
    return min(max(FEWEST_ROUNDS, *map(ceil, wanted)), record.plan.rounds) if wanted else None


def _find_optimum(of_block: float, of_round: float, scatter: Scatter) -> float:
    ran = len(scatter.by_block)
    excess = variance(scatter.by_block) - scatter.within**2 / ROUNDS if ran > 1 else 0.0
    between = (WEIGHT * BETWEEN**2 + (ran - 1) * max(excess, 0.0)) / (WEIGHT + ran - 1)
    return sqrt(of_block / of_round * scatter.within**2 / max(between, (LEAST * BETWEEN) ** 2))


def _find_prices(record: Lines) -> tuple[float, float] | None:
    """Return the seconds of a block besides its rounds, and of a round; None if there were no rounds."""
    end = record.blocks_done[-1]
    pieces = [piece for piece in record.slices if piece.block == end.block and piece.probe is None]
    turns = [piece for piece in pieces if piece.round or piece.settling]
    rounds = len({(piece.group, piece.round) for piece in turns if piece.round})
    in_turns = _add_up(turns)
    if not rounds or not in_turns:
        return None
    # What the first block does once in a run is not part of the price of another one.
    others = max((end.seconds or 0.0) - in_turns, 0.0) if end.block else STARTS + _add_up(pieces) - in_turns
    return others, in_turns / rounds


def _add_up(pieces: Iterable[Slice]) -> float:
    return sum(epoch.wall for piece in pieces for epoch in piece.epochs)


def _is_complete(record: Lines) -> bool:
    """Whether any arm has trained to its end. Then all blocks do, so that nothing has to be projected."""
    if any(end.trained for end in record.ends):
        return True
    last = {ready.arm: ready.description.segments[-1].stop for ready in record.ready if ready.description.segments}
    return any(
        piece.epochs[-1].index + 1 >= last[piece.arm] for piece in record.slices if piece.arm in last and piece.epochs
    ) and not all(ready.description.seekable for ready in record.ready)

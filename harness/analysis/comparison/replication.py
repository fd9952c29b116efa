"""How many rounds the next block has, and how many blocks there may be, from what the blocks before have shown.

Rounds average what varies within a process, and only blocks average what differs between processes, but each block has
a price before its first round: processes start, trace and compile. The mean over all blocks is most certain in a given
time with sqrt((price of a block / price of a round) * (variance within / variance between)) rounds in each (T. Kalibera
and R. Jones, "Rigorous benchmarking in reasonable time", ISMM 2013). Two or three blocks say little about the variance
between them, so a usual one counts like `WEIGHT` further blocks. The first two blocks have all rounds of the plan: what
happens once, or only late, is the arm's own if two processes show it, and shorter blocks would miss it.

The number of blocks is chosen once, before any verdict, by what a block takes. So the levels of all looks are known
before the first one. A block's rounds, and so its time, depend on how the ratio scatters, but not on the ratio itself.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf, sqrt
from statistics import variance

from msgspec.structs import replace

from harness.analysis.stats.levels import FIRST_LOOK, MOST
from harness.plan.plan import FEWEST_EPOCHS, ROUNDS
from harness.record.lines import Lines
from harness.record.schema import BlockEnd, Look, Slice

FEWEST_ROUNDS = 5
"""The fewest rounds of which a trimmed mean leaves out one at each end."""
BETWEEN, WEIGHT = 0.01, 2
"""The usual standard deviation of the log-ratio between processes, and the number of blocks that it counts like."""
LEAST = 1 / 3
"""The variance between processes is taken to be at least that of this fraction of `BETWEEN`."""
STARTS = 0.5
"""Seconds that processes take to start, apart from their first epochs, until a block has shown it that does not also
import for later ones."""
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


def adapt(look: Look, record: Lines, elapsed: float, scatters: Iterable[Scatter] | None = ()) -> Look:
    """Return the look with the numbers of rounds and, before the first verdict, of blocks that follow from the record
    so far; `elapsed` seconds have passed since the command began. `scatters` is None if shorter blocks would show
    something else.

    If a gate's training has no length, the first epochs count with all others that ran, so each block has to run as
    many, and the rounds stay as they are.
    """
    plan, done = record.plan, len(record.blocks_done)
    if not plan.adapts or not look.go_on:
        return look
    rounds: int | None = None
    prices = _find_prices(record)
    may_change = plan.epochs is None and plan.gate is None and done >= FIRST_LOOK - 1
    if prices and may_change and not _is_complete(record):
        rounds = _choose_rounds(record, prices, scatters if scatters is None else list(scatters), elapsed)
    if done == FIRST_LOOK - 1:
        block = prices.with_rounds(rounds) if prices else record.blocks_done[-1].seconds or 0.0
        look = replace(look, most=_choose_most(record, elapsed, block))
    return replace(look, rounds=rounds)


@dataclass(frozen=True)
class _Prices:
    """What another block takes, in seconds."""

    block: float
    """Besides its rounds."""
    round: float
    """One more round of each kind, in each group."""
    usual: int
    """The number of rounds of the latest block."""
    fewest: int = 1
    """The number of rounds in which slow epochs reach the minimum of epochs."""

    def with_rounds(self, number: int | None) -> float:
        """Return the seconds of a block with this number of rounds, or as many as the latest one had."""
        return self.block + max(number or self.usual, self.fewest) * self.round


def _choose_most(record: Lines, elapsed: float, block: float) -> int:
    """Return how many blocks there may be, if another one takes `block` seconds."""
    plan, done = record.plan, len(record.blocks_done)
    seconds = _find_seconds_left(record, elapsed, UNASKED)
    fitting = done + ceil(SPARE * max(seconds, 0.0) / max(block, 0.1))
    least = plan.blocks if plan.budget is None else plan.fewest
    return max(min(fitting, MOST), least)


def _find_seconds_left(record: Lines, elapsed: float, unlimited: float) -> float:
    ends = [end for end in (record.plan.budget, record.plan.patience) if end is not None]
    return min(ends) - elapsed if ends else unlimited


def _choose_rounds(record: Lines, prices: _Prices, scatters: Sequence[Scatter] | None, elapsed: float) -> int | None:
    """Return the number of rounds of the next blocks; None if too little is known to choose it."""
    rounds = record.plan.rounds
    if scatters is not None:
        if not scatters:
            return None
        wanted = [ceil(_find_optimum(prices, one)) for one in scatters]
        rounds = min(max(FEWEST_ROUNDS, *wanted), rounds)
    # Whether the next block fits has been decided by how long the latest ones took, so it must not become longer.
    fits = prices.with_rounds(rounds) <= _find_seconds_left(record, elapsed, inf)
    return rounds if fits else min(rounds, record.rounds)


def _find_optimum(prices: _Prices, scatter: Scatter) -> float:
    ran = len(scatter.by_block)
    excess = variance(scatter.by_block) - scatter.within**2 / ROUNDS if ran > 1 else 0.0
    between = (WEIGHT * BETWEEN**2 + (ran - 1) * max(excess, 0.0)) / (WEIGHT + ran - 1)
    return sqrt(prices.block / prices.round * scatter.within**2 / max(between, (LEAST * BETWEEN) ** 2))


def _find_prices(record: Lines) -> _Prices | None:
    """Return what another block takes; None if there were no rounds.

    Some blocks do more: the first one counts operations, and the first whose arms are forked imports for later ones.
    """
    blocks = [_look_at(record, end) for end in record.blocks_done]
    of_round = blocks[-1].in_turns / blocks[-1].rounds if blocks[-1].rounds else 0.0
    if not of_round:
        return None
    last = record.blocks_done[-1].block
    forked = any(ready.started == "forked" for ready in record.ready if ready.block == last)
    typical = blocks[2 if forked else 1 :]
    others = min((one.seconds - one.in_turns for one in typical), default=STARTS + blocks[-1].first_epochs)
    return _Prices(max(others, 0.0), of_round, blocks[-1].rounds, ceil(FEWEST_EPOCHS / blocks[-1].slice))


@dataclass(frozen=True)
class _Spent:
    """How a block spent its seconds."""

    seconds: float
    in_turns: float
    first_epochs: float
    rounds: int
    """Those of the kind, and the group, that had most."""
    slice: float
    """The number of epochs in one of these."""


def _look_at(record: Lines, end: BlockEnd) -> _Spent:
    pieces = [piece for piece in record.slices if piece.block == end.block and piece.probe is None]
    turns = [piece for piece in pieces if piece.round or piece.settling]
    counted = [(piece, epoch.kind) for piece in turns if piece.round for epoch in piece.epochs]
    rounds = Counter((group, kind) for group, kind, _ in {(piece.group, kind, piece.round) for piece, kind in counted})
    epochs = Counter((piece.group, kind, piece.arm) for piece, kind in counted)
    (where, most), *_ = [*rounds.most_common(1), (None, 0)]
    longest = max((number for (*here, _), number in epochs.items() if tuple(here) == where), default=0)
    in_turns = _add_up(turns)
    first_epochs = _add_up(pieces) - in_turns
    return _Spent(end.seconds or 0.0, in_turns, first_epochs, most, longest / most if most else 0.0)


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

"""A record's epochs as one table."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import pandas as pd

from harness.record import evidence
from harness.record.lines import Lines
from harness.record.schema import Epoch

COLUMNS = [
    *("block", "group", "round", "arm", "kind", "index", "wall", "cpu"),
    *("traces", "compiles", "first", "settling", "sizes"),
]

LEAST_WAIT = 0.01
"""Seconds of waiting from which on a share is meaningful: answering an order takes a millisecond of computing."""


def table(record: Lines) -> pd.DataFrame:
    """Return one row per epoch, without groups that were given up because their arms did not fit in memory together."""
    given_up = {(end.block, end.group) for end in record.ends if end.status == "regrouped"}
    rows = [
        (
            piece.block,
            piece.group,
            piece.round,
            piece.arm,
            epoch.kind,
            epoch.index,
            epoch.wall,
            epoch.cpu,
            len(evidence.traces(epoch)),
            len(evidence.compilations(epoch)),
            epoch.first,
            place >= len(piece.epochs) - piece.settling,
            sizes,
        )
        for piece in record.slices
        if (piece.block, piece.group) not in given_up
        for place, (epoch, sizes) in enumerate(zip(piece.epochs, _fill_sizes(piece.epochs), strict=True))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _fill_sizes(epochs: Iterable[Epoch]) -> Iterator[dict[str, float]]:
    """Yield the trainer's sizes before each epoch of a slice; epochs record them where they change."""
    sizes: dict[str, float] = {}
    for epoch in epochs:
        sizes = epoch.sizes or sizes
        yield sizes


def usable(record: Lines, epochs: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Return the epochs of the blocks that `arm` completed; of all its blocks, if it completed none.

    A block that was cut short has sampled some kinds and not others, so it would weight them wrongly.
    """
    ended = {end.block for end in record.ends if end.arm == arm and end.status == "ok"}
    whole = ended & {end.block for end in record.blocks_done}
    blocks = whole or set(epochs.loc[epochs["arm"] == arm, "block"])
    return epochs[epochs["block"].isin(blocks)]


def in_turns(epochs: pd.DataFrame) -> pd.DataFrame:
    """Return the epochs that ran in turns with the other arms, without the first of each kind."""
    return epochs[(epochs["round"] > 0) & ~epochs["first"]]


def pending_share(record: Lines, arm: str) -> float | None:
    """Return the share of the time of `arm` in which its work was waited for after its epochs had returned; None if
    they did not return long before their work was done, as a rule: a machine that halts for a moment looks the same."""
    own = [piece for piece in record.slices if piece.arm == arm and piece.probe is None]
    turns = [piece.early for piece in own if piece.pending is not None and len(piece.epochs) > 1]
    if not turns or sum(turns) < len(turns) / 2:
        return None
    return sum(piece.pending or 0.0 for piece in own) / sum(epoch.wall for piece in own for epoch in piece.epochs)


def cores_busy(record: Lines, arm: str) -> float | None:
    """Return how many processors `arm` kept busy on average in its epochs; None if only first epochs ran."""
    own = [
        epoch
        for piece in record.slices
        if piece.arm == arm and piece.probe is None
        for epoch in piece.epochs
        if not epoch.first
    ]
    wall = sum(epoch.wall for epoch in own)
    return float(sum(epoch.cpu for epoch in own) / wall) if wall else None


def idle_share(record: Lines, arm: str) -> float | None:
    """Return the share of a processor that `arm` used during the turns of others; None if it hardly waited."""
    waits = [
        piece.idle
        for before, piece in pairwise(record.slices)
        if piece.arm == arm != before.arm and (piece.block, piece.group) == (before.block, before.group) and piece.idle
    ]
    wall = sum(wait.wall for wait in waits)
    return sum(wait.cpu for wait in waits) / wall if wall > LEAST_WAIT else None

"""What a built trainer says of itself: its schedule, and the sizes that it has along it."""

from __future__ import annotations

from itertools import groupby
from math import ceil
from typing import Any

from harness.interface import Trainer
from harness.worker.returned import Misbehaved, kind, sizes
from harness.worker.wire.messages import Build, Description, Segment

MOST_SOUGHT = 50
"""Segments at whose start a trainer is asked for its sizes: each is a seek, and some schedules have thousands."""


def describe(trainer: Trainer, order: Build) -> Description:
    """The schedule in segments, none where the trainer knows no length. Raises Misbehaved for what cannot be one."""
    length = getattr(trainer, "epochs", None)
    if order.whole:
        length = _length_to_train(trainer, length, order.epochs)
    seekable = callable(getattr(trainer, "seek", None))
    if seekable and length is None:
        raise Misbehaved("it has `seek`, but no `epochs` to say how long the schedule is that it seeks in")
    evaluates = callable(getattr(trainer, "evaluate", None))
    if length is None:
        return Description(seekable=False, segments=[], evaluates=evaluates)
    if not isinstance(length, int) or length < 1:
        raise Misbehaved(f"its `epochs` is {length!r}, not a number of epochs")
    segments = [
        Segment(kind_, run[0], run[-1] + 1)
        for kind_, group in groupby(range(length), key=lambda index: kind(trainer, index))
        for run in [list(group)]
    ]
    # A whole training meets its sizes as it goes, and is not to be sought in.
    known = _with_sizes(trainer, segments) if seekable and not order.whole else segments
    return Description(seekable, known, evaluates)


def _with_sizes(trainer: Trainer, segments: list[Segment]) -> list[Segment]:
    """The segments with the sizes that the trainer has before the first epoch of each.

    It is asked here, before anything trains, because a sample of epochs visits only some segments, and where a size
    jumps can not be guessed from those. A trainer that seeks must be able to go to any epoch and back in any case: that
    is how its epochs are sampled. In the end it is put back to epoch 0.
    """
    if not callable(getattr(trainer, "state", None)):
        return segments
    asked = segments[:: ceil(len(segments) / MOST_SOUGHT)]
    found: dict[int, dict[str, float]] = {}
    for segment in [*asked, *(segments[-1:] if asked[-1] is not segments[-1] else [])]:
        trainer.seek(segment.start)  # type: ignore[attr-defined]
        found[segment.start] = sizes(trainer)
    trainer.seek(0)  # type: ignore[attr-defined]
    return [segment._replace(sizes=found.get(segment.start)) for segment in segments]


def _length_to_train(trainer: Trainer, own: Any, asked: int | None) -> Any:
    """What was asked for, or the trainer's own length where that is shorter or nobody asked."""
    if not callable(getattr(trainer, "evaluate", None)):
        raise Misbehaved("it has no method evaluate(), which says what its training comes to")
    if own is None and asked is None:
        raise Misbehaved("it says no length, as `epochs` would: give --epochs")
    if own is None:
        return asked
    return min(own, asked) if asked and isinstance(own, int) else own  # what is no number will be refused as that

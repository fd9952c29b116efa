"""Describes a built trainer: its schedule, and its sizes along that schedule."""

from __future__ import annotations

from itertools import groupby
from math import ceil
from typing import Any

from harness.interface import Trainer
from harness.worker.returned import kind, sizes
from harness.worker.wire.messages import Build, Description, Segment
from harness.worker.wire.reasons import Misbehaved

MOST_SOUGHT = 50
"""About the maximum number of segments at whose start a trainer is requested for its sizes. Each needs a seek, and some
schedules have thousands of segments."""


def describe(trainer: Trainer, order: Build) -> Description:
    """Return the trainer's schedule as segments; there are none if the trainer does not know its length.

    Raises Misbehaved if the schedule is invalid.
    """
    length = getattr(trainer, "epochs", None)
    if order.whole:
        length = _choose_length(trainer, length, order.epochs)
    seekable = callable(getattr(trainer, "seek", None))
    if seekable and length is None:
        raise Misbehaved("it has `seek` but no `epochs`, the length of its schedule")
    evaluates = callable(getattr(trainer, "evaluate", None))
    if length is None:
        return Description(seekable=False, segments=[], evaluates=evaluates)
    if not isinstance(length, int) or length < 1:
        raise Misbehaved(f"its `epochs` is {length!r}, not a positive integer")
    segments = [
        Segment(kind_, run[0], run[-1] + 1)
        for kind_, group in groupby(range(length), key=lambda index: kind(trainer, index))
        for run in [list(group)]
    ]
    # A whole training records its sizes as it runs, and its trainer must not be moved by seek().
    known = _add_sizes(trainer, segments) if seekable and not order.whole else segments
    return Description(seekable, known, evaluates)


def _add_sizes(trainer: Trainer, segments: list[Segment]) -> list[Segment]:
    """Add the sizes that the trainer has before the first epoch of each segment, or of some if there are many.

    The sizes are read here, before anything trains, because a sample of epochs visits only some segments, and does not
    show where between them a size changes. A trainer with seek() must be able to go to any epoch and back anyway, since
    that is how its epochs are sampled. Finally, the trainer is put back to epoch 0.
    """
    if not callable(getattr(trainer, "state", None)):
        return segments
    visited = segments[:: ceil(len(segments) / MOST_SOUGHT)]
    found: dict[int, dict[str, float]] = {}
    for segment in [*visited, *(segments[-1:] if visited[-1] is not segments[-1] else [])]:
        trainer.seek(segment.start)  # type: ignore[attr-defined]
        found[segment.start] = sizes(trainer)
    trainer.seek(0)  # type: ignore[attr-defined]
    return [segment._replace(sizes=found.get(segment.start)) for segment in segments]


def _choose_length(trainer: Trainer, own: Any, requested: int | None) -> Any:
    """Return the requested length, or the trainer's own if that is shorter or if no length was requested."""
    if not callable(getattr(trainer, "evaluate", None)):
        raise Misbehaved("it has no method evaluate(), which whole trainings need")
    if own is None and requested is None:
        raise Misbehaved("it has no `epochs`, the length of its training: give --epochs")
    if own is None:
        return requested
    # The caller rejects a length that is not a number.
    return min(own, requested) if requested and isinstance(own, int) else own

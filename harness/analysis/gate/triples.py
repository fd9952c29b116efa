"""Splits the lines of a gate's run by variant. Each part reads like the run of a comparison of three arms."""

from harness.plan.gate_rules import Triple
from harness.plan.plan import EXACTLY
from harness.record.lines import Lines
from harness.worker.wire.evidence import COUNTING


def timed(lines: Lines, triple: Triple) -> Lines:
    """Return the timed lines of one variant: of the base, its repeat and the head."""
    return lines.of(triple.arms, triple.baseline, without=lines.passes)


def counted(lines: Lines, triple: Triple) -> Lines:
    """Return the lines of the passes that counted what is deterministic in one variant; its slices are `watched`."""
    passes = {
        (piece.block, piece.group) for piece in lines.watched if piece.probe in (EXACTLY, COUNTING)
    } & lines.passes
    others = {(start.block, start.group) for start in lines.starts} - passes
    return lines.of(triple.arms, triple.baseline, without=others)

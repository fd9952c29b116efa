"""The lines of a gate's run, parted by variant: each part reads like the run of a comparison of three arms."""

from harness.plan.gate_rules import Triple
from harness.plan.plan import EXACTLY
from harness.record.lines import Lines


def timed(lines: Lines, triple: Triple) -> Lines:
    """What was timed of one variant: the base, the base again, and the head."""
    return lines.of(triple.arms, lines.plan.of(triple), without=lines.passes)


def counted(lines: Lines, triple: Triple) -> Lines:
    """The pass in which what is deterministic of one variant was counted, as if it had been timed."""
    passes = {(piece.block, piece.group) for piece in lines.watched if piece.probe == EXACTLY}
    others = {(start.block, start.group) for start in lines.starts} - passes
    return lines.of(triple.arms, lines.plan.of(triple), without=others).in_one_group()

"""A gate's record, parted by variant: each part reads like the record of a comparison of three arms."""

from collections.abc import Collection

from msgspec.structs import replace

from harness.plan.gate_rules import Triple
from harness.plan.plan import EXACTLY
from harness.record.store import Record


def timed(record: Record, triple: Triple) -> Record:
    """What was timed of one variant: the base, the base again, and the head."""
    return _part(record, triple, record.passes)


def counted(record: Record, triple: Triple) -> Record:
    """The pass in which what is deterministic of one variant was counted, as if it had been timed."""
    passes = {(piece.block, piece.group) for piece in record.watched if piece.probe == EXACTLY}
    groups = {(start.block, start.group) for start in record.starts}
    part = _part(record, triple, groups - passes)
    # One group, so that its arms stand side by side: each had a process of its own.
    part.slices = [replace(piece, group=0, probe=None) for piece in part.watched]
    part.ready = [replace(line, group=0) for line in part.ready]
    part.ends = [replace(line, group=0) for line in part.ends]
    return part


def _part(record: Record, triple: Triple, without: Collection[tuple[int, int]]) -> Record:
    """The lines about the arms of `triple`, those of the groups `without` left out."""
    part = Record([replace(record.header, plan=record.plan.of(triple))])
    arms = set(triple.arms)
    part.starts = [
        line for line in record.starts if set(line.order) <= arms and (line.block, line.group) not in without
    ]
    for name in ("ready", "slices", "watched", "evaluations", "works", "ends"):
        lines = getattr(record, name)
        own = [line for line in lines if line.arm in arms and (line.block, line.group) not in without]
        setattr(part, name, own)
    part.objectives = [line for line in record.objectives if line.arm in arms]
    part.blocks_done, part.looks, part.footer = record.blocks_done, record.looks, record.footer
    return part

"""Comparisons of commands in a folder, and what their records say."""

from textwrap import dedent

from planned import planned

from harness.engine.session import measure
from harness.record import store


def compared(folder, *commands, **options):
    """The record of a comparison of these commands."""
    out = folder / "run"
    plan = planned("compare", *commands, **{"blocks": 1, "threads": 1, "timeout": 60.0} | options)
    measure(plan, out, lambda event, record: None)
    return store.read(out)


def written(folder, name, source):
    """Write a source, and return its name."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(dedent(source))
    return name


def epochs_of(record, arm, block=0):
    return [epoch for piece in record.slices if (piece.arm, piece.block) == (arm, block) for epoch in piece.epochs]


def end_of(record, arm):
    return next(end for end in record.ends if end.arm == arm)

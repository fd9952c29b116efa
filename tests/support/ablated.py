"""Records of ablations that never happened, with known shares."""

import msgspec
from simulated import DATA, FULL, REFINE, record

from harness.plan.cells import Ablation, Change, change_sets
from harness.record.schema import ArmEnd
from harness.record.store import Record


def ablation(names, orders=()):
    """From "start" to "goal"; a cell between them is labelled by the changes it has made."""
    ends = {(): "start", tuple(names): "goal"}
    made = {ends.get(some, "+".join(some)): some for some in change_sets(names, orders)}
    changes = tuple(Change(name, f"old {name} -> new {name}") for name in names)
    return Ablation("start", "goal", changes, made, tuple(orders))


def ablated(names, cost, *, orders=(), blocks=3, noise=0.0, failing=(), peaks=None, cut_off=False, seed=0):
    """`cost` gives how many times as long as without changes an epoch takes, from the set of those made.

    Arms labelled as in `failing` fail at the end of the first block; `peaks` gives a cell's peak tensor bytes.
    """
    plan = ablation(names, orders)
    factors = {label: cost(frozenset(made)) for label, made in plan.cells.items()}
    seconds = {label: {DATA: 0.1 * x, REFINE: 1.0 * x, FULL: 0.2 * x} for label, x in factors.items()}
    full = record(seconds, blocks=blocks, noise=noise, seed=seed)
    planned = msgspec.structs.replace(full.plan, command="ablate", ablation=plan)
    run = Record([msgspec.structs.replace(full.header, plan=planned)])
    for piece in [*full.ready, *full.slices]:
        if piece.arm in plan.labels(piece.block) and not (piece.arm in failing and piece.block):
            run.add(piece)
    for end in full.ends:
        if end.arm in failing:
            if not end.block:
                run.add(
                    ArmEnd(
                        block=end.block,
                        group=0,
                        arm=end.arm,
                        status="failed",
                        reason="ValueError: no",
                        moment="in epoch 3",
                    )
                )
        elif end.arm in plan.labels(end.block):
            bytes_ = peaks(frozenset(plan.cells[end.arm])) if peaks else None
            run.add(msgspec.structs.replace(end, peak_tensor_bytes=bytes_))
    for end in full.blocks_done[: blocks - 1 if cut_off else blocks]:
        run.add(end)
    if not cut_off:
        run.add(full.footer)
    return run

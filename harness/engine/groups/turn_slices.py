"""An arm's answer to a turn -> the slices of the record; and the pace of its epochs."""

from collections.abc import Iterator, Sequence
from statistics import median

from msgspec.structs import replace

from harness.engine.processes.answers import Answer, Failed, Ran
from harness.record.schema import Epoch, GpuState, Slice
from harness.schedule.turns import Turn


def slices_of(
    turn: Turn, answer: Answer, block: int, group: int, round_: int, position: int, gpus: Sequence[GpuState] = ()
) -> Iterator[Slice]:
    """The slices of one turn, which was one order. The epochs before its counted ones belong to no round. `gpus` are
    the clocks at its end."""
    epochs = answer.epochs if isinstance(answer, Ran | Failed) else []
    idle, between = (answer.idle, answer.between) if isinstance(answer, Ran) else (None, None)
    pending, early = (answer.pending, answer.early) if isinstance(answer, Ran) else (None, False)
    before, counted = epochs[: len(turn.before)], epochs[len(turn.before) :]
    if before:
        settling = turn.settling if counted else 0  # a failed arm did not get to the counted epochs
        yield Slice(
            block=block, group=group, round=0, position=0, arm=turn.arm, epochs=before, idle=idle, settling=settling
        )
    if counted:
        waited = None if before else idle
        yield Slice(
            block=block,
            group=group,
            round=round_,
            position=position,
            arm=turn.arm,
            epochs=_add_sizes(counted, before),
            idle=waited,
            between=between,
            pending=pending,
            gpus=list(gpus),
            early=early,
        )


def _add_sizes(counted: list[Epoch], before: Sequence[Epoch]) -> list[Epoch]:
    """Give the first counted epoch the sizes known from the epochs before: every slice states its initial sizes."""
    known = next((epoch.sizes for epoch in reversed(before) if epoch.sizes), {})
    if counted[0].sizes or not known:
        return counted
    return [replace(counted[0], sizes=known), *counted[1:]]


def paces(epochs: Sequence[Epoch]) -> dict[str, float]:
    """Seconds that an epoch of each kind takes: the median of the later half of its epochs.

    The first epoch of a kind is left out because it traces, the first half because in lockstep other epochs trace too.
    """
    found = {}
    for kind in {epoch.kind for epoch in epochs}:
        walls = [epoch.wall for epoch in epochs if epoch.kind == kind and not epoch.first]
        walls = walls[len(walls) // 2 :] or [epoch.wall for epoch in epochs if epoch.kind == kind]
        found[kind] = median(walls)
    return found

"""How many floating-point operations each arm's epochs do, and at which rate."""

from harness.plan.gate_rules import FLOPS
from harness.report import units
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Table
from harness.worker.wire.messages import NOTHING_COUNTS

UNCOUNTED = {
    NOTHING_COUNTS,
    "no framework whose operations can be counted was loaded",
    "TensorFlow was not loaded",
}
"""Reasons for which nothing was counted at all. Earlier versions gave the last two."""


def arithmetic(summary: Summary, in_depth: bool = False) -> Table | None:
    """One row per arm, for its commonest kind of epoch, or with `in_depth` one for each kind that was counted.

    None if nothing could be counted, because no framework was there that can.
    """
    rows = [row for arm in summary.arms for row in _make_rows(arm, in_depth)]
    if not rows:
        return None
    return Table(
        "Arithmetic", ["arm", "kind", "an epoch", "rate", "of large products"], rows, _make_note(summary), texts=2
    )


def _make_rows(arm: ArmSummary, in_depth: bool) -> list[list[str]]:
    counted, seconds = arm.flops, arm.epoch_times
    kinds = [*counted, *seconds] if in_depth or not arm.commonest else [arm.commonest]
    rows = []
    for kind in dict.fromkeys(kinds) if counted else ():
        flops = counted.get(kind)
        rate = flops / seconds[kind] if flops is not None and kind in seconds else None
        share = (arm.gemm_share_by_kind or {}).get(kind)
        cells = [units.flops(flops), units.flops_per_second(rate), units.percent(share)]
        if kind in arm.incomplete_flops:
            cells = [cell if cell.value is None else units.at_least(cell) for cell in cells]
        rows.append([arm.name, kind, *cells])
    if not rows and arm.measured(FLOPS).unavailable and arm.measured(FLOPS).unavailable not in UNCOUNTED:
        rows.append([arm.name, *[units.NOTHING] * 4])
    return rows


def _make_note(summary: Summary) -> str:
    note = (
        "Floating-point operations of the matrix products in an epoch, forward and backward: TensorFlow's as its"
        " functions are written, JAX's as they are compiled, PyTorch's as they run without torch.compile. Rate:"
        " these divided by the median time of an epoch, other work included. Of large products: the rate as a share of"
        " what 4096 x 4096 matrices reach in the same process."
    )
    reasons = [
        f"{arm.name}: {arm.measured(FLOPS).unavailable}" for arm in summary.arms if arm.measured(FLOPS).unavailable
    ]
    return f"{note} Not everything was counted. {'; '.join(reasons)}." if reasons else note

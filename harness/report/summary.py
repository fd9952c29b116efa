"""A record -> the summary that other programs read (`--json`), and that every report here is made from."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import pandas as pd

from harness.analysis import epochs as epoch_table
from harness.analysis import rules
from harness.analysis.convergence import Convergence, convergence
from harness.analysis.effects import Ratio, by_kind, effects, interval
from harness.analysis.exact import Exact, exact, retraces
from harness.analysis.facts import Finding
from harness.analysis.fitness import findings
from harness.analysis.gate import Verdict as GateVerdict
from harness.analysis.gate import judge as judge_gate
from harness.analysis.levels import level, looks
from harness.analysis.losses import losses
from harness.analysis.projection import Seconds, covers_whole_schedules, schedule_logs, schedule_seconds
from harness.analysis.selfcheck import Control, SelfCheck, judge
from harness.analysis.tracings import of_one_block
from harness.analysis.triples import timed
from harness.analysis.verdicts import Verdict, verdicts
from harness.analysis.work import arithmetic
from harness.record import Record

SCHEMA = 1


class EpochSeconds(msgspec.Struct, frozen=True):
    """Wall-clock seconds of an epoch run in turns: the median of each kind, and of the commonest one."""

    median: float
    by_kind: dict[str, float]
    commonest: str
    """The kind that the schedule has most epochs of; of those without a schedule, that was run most."""


class ArmSummary(msgspec.Struct, frozen=True):
    """One arm. What was not measured is null, never 0."""

    name: str
    status: str
    """`ok`, `failed`, `cut off` (the run ended before it did), or `not run`."""
    reason: str | None
    verdict: str | None
    """`faster`, `slower`, `same` or `unsure`, from three blocks on."""
    ratio: Ratio | None
    """The cost of the whole schedule relative to the baseline: below 1 is faster."""
    ratio_by_kind: dict[str, Ratio] | None
    epoch_seconds: EpochSeconds | None
    first_epoch_seconds: float | None
    projected_seconds: Seconds | None
    """What one training takes, by its whole schedule."""
    peak_rss_bytes: int | None
    peak_tensor_bytes: int | None
    traces: int | None
    """Tracings in one block's epochs."""
    retraces: int | None
    """Of those, the ones beyond the first of the same function."""
    compilations: int | None = None
    """By XLA, in the same epochs."""
    flops_per_epoch: float | None = None
    """Floating-point operations of an epoch's matrix products, of the kind that `epoch_seconds.median` is about."""
    flops_by_kind: dict[str, float] | None = None
    flops_unavailable: str | None = None
    """Why some kinds, or all, have none."""
    gemm_flops_per_second: float | None = None
    """What large matrix products reach in the arm's process."""
    gemm_share: float | None = None
    """The rate that those epochs reach, relative to it."""
    gemm_share_by_kind: dict[str, float] | None = None
    losses: str | None = None
    """Beside the baseline's: `same bit for bit`, `drifts from epoch K by X`, `different objective (TERM RATIO)`."""
    losses_epochs: int | None = None
    """How many epochs both ran in the same order from the first on, which is what that rests on."""
    quality: dict[str, float | None] | None = None
    """The metrics at the end of its trainings, the mean over seeds; null is one that was not finite."""
    idle_share: float | None = None
    """How much of a processor it used while it was others' turn."""
    exact: Exact | None = None
    """What is deterministic, beside the baseline's."""
    smallest_visible_ratio: float | None = None
    """The smallest difference that these blocks could have shown, as a ratio above 1."""
    unavailable: dict[str, str] = {}
    """What could not be watched in its processes, and why."""
    findings: list[rules.Found] = []
    """What a profile would tell first."""
    convergence: Convergence | None = None
    """What its whole trainings came to, where whole trainings ran; an infinite time, which is never, is null."""


class Summary(msgspec.Struct, frozen=True):
    schema: int
    run: str
    command: str
    case: str | None
    scale: str | None
    baseline: str
    blocks: int
    """Blocks that were completed."""
    partial: bool
    out_of_time: bool
    """Whether its budget ended within a block."""
    budget: float | None
    """Seconds that the whole command was allowed."""
    stopped: str | None
    """Why there were no more blocks."""
    tolerance: float
    """The difference that does not matter, as a share: what is the same lies within it."""
    looks: int
    """After how many blocks it might have stopped; so sure is each look that all of them together miss in 5 %."""
    paired: bool
    """Whether memory did not hold all arms at once, so that each was measured beside the baseline alone."""
    one_by_one: list[str]
    """Arms that memory did not even hold beside the baseline, so that they were measured before or after it; of whole
    trainings, those that trained alone."""
    whole: bool
    """Whether what was projected are whole schedules; else it is the epochs that were run, in order."""
    threads: int
    seed: int
    machine: dict[str, Any]
    versions: dict[str, str]
    """What is installed."""
    loaded: dict[str, str]
    """The numerical libraries that the arms had loaded once they were built."""
    commit: str | None
    fitness: list[Finding]
    """What the machine's facts mean for what was measured, and what to do about them."""
    selfcheck: SelfCheck | None
    """Whether the machine is fit to measure on, where that was asked; null too where an arm failed."""
    arms: list[ArmSummary]
    gate: GateVerdict | None = None
    """Whether the head may pass, where that was asked."""

    def to_json(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def summarize(record: Record) -> Summary:
    """Every arm in command-line order, the baseline included: its ratios are null."""
    header, plan = record.header, record.plan
    epochs = epoch_table.table(record)
    converged = convergence(record) if plan.trains else {}
    found = _verdicts(record, epochs)
    if plan.gate:
        arms = [arm for triple in plan.gate.triples for arm in _arms(timed(record, triple))]
    else:
        arms = _arms(record, converged, found)
    return Summary(
        schema=SCHEMA,
        run=header.run,
        command=plan.command,
        case=plan.case,
        scale=plan.scale,
        baseline=plan.baseline,
        blocks=len(record.blocks_done),
        partial=record.partial,
        out_of_time=record.footer is not None and record.footer.status == "out of time",
        budget=plan.budget,
        stopped=record.looks[-1].why if record.looks and not record.looks[-1].go_on else None,
        tolerance=plan.tolerance,
        looks=looks(plan.fewest, plan.blocks),
        paired=any(end.status == "regrouped" for end in record.ends) and len(plan.arms) > 2 and not plan.trains,
        one_by_one=_one_by_one(record),
        whole=covers_whole_schedules(record, epochs),
        threads=plan.threads,
        seed=plan.seed,
        machine=header.machine,
        versions=header.versions,
        loaded={name: version for line in record.ready for name, version in line.versions.items()},
        commit=header.commit,
        fitness=findings(header.machine),
        selfcheck=_selfcheck(record, arms, found),
        arms=arms,
        gate=judge_gate(record),
    )


def _arms(
    record: Record, converged: Mapping[str, Convergence] | None = None, found: Mapping[str, Verdict] | None = None
) -> list[ArmSummary]:
    epochs = epoch_table.table(record)
    found = _verdicts(record, epochs) if found is None else found
    converged = converged or {}
    labels = [arm.label for arm in record.plan.arms]
    return [_summarize_arm(record, epochs, arm, converged.get(arm), found.get(arm)) for arm in labels]


def _selfcheck(record: Record, arms: list[ArmSummary], found: Mapping[str, Verdict]) -> SelfCheck | None:
    """From the null arm and the slowed one; the plan says which is which."""
    plan = record.plan
    controls = {arm.slowdown > 0: arm for arm in plan.arms if arm.label != plan.baseline}
    if plan.command != "selfcheck" or len(controls) < 2 or any(record.failure(arm.label) for arm in plan.arms):
        return None
    ratios = {arm.name: arm.ratio for arm in arms}
    null, slowed = (Control(ratios[controls[key].label], found.get(controls[key].label)) for key in (False, True))
    return judge(null, slowed, controls[True].slowdown, plan.tolerance)


def _summarize_arm(
    record: Record, epochs: pd.DataFrame, arm: str, converged: Convergence | None, verdict: Verdict | None
) -> ArmSummary:
    failure = record.failure(arm)
    mine = epoch_table.usable(record, epochs, arm)
    mine = mine[mine["arm"] == arm]
    ends = [end for end in record.ends if end.arm == arm]
    ran = of_one_block(record, arm)
    traces = None if ran is None else [trace for epoch in ran for trace in epoch.traces]
    seconds = _epoch_seconds(mine, record.schedule(arm))
    commonest = seconds.commonest if seconds else ""
    work = arithmetic(record, arm, seconds.by_kind if seconds else {})
    found = None if converged else losses(record, arm)
    return ArmSummary(
        name=arm,
        status="failed" if failure else "ok" if ends else "cut off" if len(mine) else "not run",
        reason=f"{failure.moment}: {failure.reason}" if failure else None,
        verdict=verdict.answer if verdict else None,
        ratio=ratio(record, epochs, arm),
        ratio_by_kind=_ratio_by_kind(record, epochs, arm),
        epoch_seconds=seconds,
        first_epoch_seconds=_median(mine[(mine["index"] == 0) & mine["first"]]["wall"]),
        projected_seconds=None if converged else schedule_seconds(record, epochs, arm),
        peak_rss_bytes=max((end.peak_rss_bytes for end in ends if end.peak_rss_bytes), default=None),
        peak_tensor_bytes=max((end.peak_tensor_bytes for end in ends if end.peak_tensor_bytes), default=None),
        traces=None if traces is None else len(traces),
        retraces=None if traces is None else retraces(traces),
        compilations=None if ran is None else sum(len(epoch.compiles) for epoch in ran),
        flops_per_epoch=work.flops.get(commonest),
        flops_by_kind=dict(work.flops) or None,
        flops_unavailable=work.unavailable,
        gemm_flops_per_second=work.gemm_flops_per_second,
        gemm_share=work.gemm_share.get(commonest),
        gemm_share_by_kind=dict(work.gemm_share) or None,
        losses=found.verdict if found else None,
        losses_epochs=found.epochs if found else None,
        quality=_quality(converged),
        idle_share=epoch_table.idle_share(record, arm),
        exact=None if converged else exact(record, arm),
        smallest_visible_ratio=verdict.smallest_visible if verdict else None,
        unavailable=record.unavailable(arm),
        findings=rules.findings(rules.Evidence.of(record, arm)) if record.plan.command == "profile" else [],
        convergence=converged,
    )


def _one_by_one(record: Record) -> list[str]:
    apart = {arm for start in record.starts if start.one_by_one for arm in start.order}
    beside = None if record.plan.trains else record.plan.baseline
    return [arm.label for arm in record.plan.arms if arm.label in apart and arm.label != beside]


def ratio(record: Record, epochs: pd.DataFrame, arm: str) -> Ratio | None:
    """The whole schedule's ratio; None for the baseline, and for every arm if the baseline failed."""
    baseline = record.plan.baseline
    if arm == baseline or record.failure(baseline) or record.plan.trains:
        return None
    logs = schedule_logs(record, epochs, arm)
    return interval(logs, _level(record)) if logs else None


def _verdicts(record: Record, epochs: pd.DataFrame) -> dict[str, Verdict]:
    """Of the arms that did not fail."""
    plan = record.plan
    if plan.trains or record.failure(plan.baseline):
        return {}
    arms = [arm.label for arm in plan.arms if arm.label != plan.baseline and not record.failure(arm.label)]
    logs = {arm: schedule_logs(record, epochs, arm) for arm in arms}
    return verdicts(logs, plan.tolerance, plan.fewest, plan.blocks)


def _level(record: Record) -> float:
    """With what probability an interval may miss."""
    return level(record.plan.fewest, record.plan.blocks)


def _ratio_by_kind(record: Record, epochs: pd.DataFrame, arm: str) -> dict[str, Ratio] | None:
    baseline = record.plan.baseline
    if arm == baseline or record.failure(baseline) or record.plan.trains:
        return None
    found = effects(by_kind(epoch_table.usable(record, epochs, arm), arm, baseline), record.plan.tolerance)
    in_schedule_order = [kind for kind in dict.fromkeys(epochs["kind"]) if kind in found]
    return {kind: interval(found[kind], _level(record)) for kind in in_schedule_order} or None


def _quality(converged: Convergence | None) -> dict[str, float | None] | None:
    if converged is None or converged.final is None:
        return None
    return {name: metric.mean for name, metric in converged.final.metrics.items()}


def _epoch_seconds(mine: pd.DataFrame, schedule: Counter[str]) -> EpochSeconds | None:
    steady = epoch_table.in_turns(mine)
    if steady.empty:
        return None
    kinds = steady.groupby("kind")["wall"].median().to_dict()
    counts = schedule or Counter(steady["kind"])
    commonest = max(kinds, key=lambda kind: counts[kind])
    return EpochSeconds(
        kinds[commonest], {kind: kinds[kind] for kind in mine["kind"].unique() if kind in kinds}, commonest
    )


def _median(values: "pd.Series[float]") -> float | None:
    return float(values.median()) if len(values) else None

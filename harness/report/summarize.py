"""A record -> the summary of its run."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from harness.analysis.comparison.exact import exact
from harness.analysis.comparison.losses import losses
from harness.analysis.comparison.shares_of_changes import attribute
from harness.analysis.comparison.tracing import TracingChange, compare_tracings, find_repeated, in_all_epochs
from harness.analysis.comparison.unsound import unsound
from harness.analysis.comparison.why import Epochs, Why, explain
from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.accounting import accounted
from harness.analysis.epochs.projection import Projection, all_logs
from harness.analysis.epochs.trend import TRENDING
from harness.analysis.gate.judge import gate_verdict
from harness.analysis.gate.triples import timed
from harness.analysis.machine.facts import measured_on
from harness.analysis.machine.gpu_clocks import clocks
from harness.analysis.machine.selfcheck import Control, SelfCheck, self_check
from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.metrics.claims import check
from harness.analysis.metrics.registry import METRICS
from harness.analysis.profile import rules, tracings
from harness.analysis.profile.bounds import find_bounds
from harness.analysis.profile.facts import Found
from harness.analysis.profile.growth import FEWEST
from harness.analysis.profile.operations import profiles
from harness.analysis.profile.phases import watched
from harness.analysis.profile.tensors import PEAK, find_allocated, find_followed, why_not_followed
from harness.analysis.stats.levels import looks_after
from harness.analysis.stats.ratios import Ratio
from harness.analysis.stats.verdicts import Answer, Verdict, verdicts
from harness.analysis.training.convergence import Convergence, convergence
from harness.analysis.training.seeds import find_seed_ignored
from harness.plan.claims import Claim
from harness.record import evidence as seen
from harness.record.lines import Lines
from harness.report.summary import SCHEMA, ArmSummary, Profiled, ProfileFinding, Summary
from harness.report.wording.findings import describe_finding
from harness.report.wording.looks import describe_look
from harness.report.wording.losses import describe_losses
from harness.report.wording.machine import findings
from harness.worker.wire.evidence import MEMORY, LineUse


def summarize(record: Lines, claims: Sequence[Claim] = ()) -> Summary:
    """Summarize a run: every arm in command-line order, the baseline included, and whether `claims` hold."""
    header, plan, machine = record.header, record.plan, measured_on(record)
    epochs = epoch_table.table(record)
    converged = convergence(record) if plan.trains else {}
    costs = Projection(record, epochs)
    logs = all_logs(costs)
    found = _judge(costs, logs)
    if plan.gate:
        arms = [arm for triple in plan.gate.triples for arm in _summarize_gated(timed(record, triple))]
    else:
        arms = _summarize_arms(costs, logs, found, converged)
    return Summary(
        schema=SCHEMA,
        run=header.run,
        command=plan.command,
        case=plan.case,
        scale=plan.scale,
        baseline=record.baseline,
        blocks=len(record.blocks_done),
        partial=record.partial,
        out_of_time=record.footer is not None and record.footer.status == "out of time",
        budget=plan.budget,
        counts_operations=plan.counts_operations,
        stopped=describe_look(record.looks[-1], plan, record.most)
        if record.looks and not record.looks[-1].go_on
        else None,
        tolerance=plan.tolerance,
        looks=len(looks_after(plan.fewest, record.most)),
        paired=any(end.status == "regrouped" for end in record.ends) and len(plan.arms) > 2 and not plan.trains,
        one_by_one=_find_one_by_one(record),
        whole=costs.scope == "schedule",
        scope=costs.scope,
        threads=plan.threads,
        seed=plan.seed,
        machine=machine,
        versions=header.versions,
        loaded=record.loaded(),
        commit=header.commit,
        fitness=findings(machine),
        selfcheck=_check_machine(record, arms, found),
        arms=arms,
        ablation=attribute(costs, logs),
        claims=check(claims, record),
        gate=gate_verdict(record),
        repeatable_counting=any(start.repeatable for start in record.starts),
    )


def _summarize_arms(
    costs: Projection,
    logs: Mapping[str, Mapping[int, float]],
    found: Mapping[str, Verdict],
    converged: Mapping[str, Convergence],
) -> list[ArmSummary]:
    labels = [arm.label for arm in costs.record.arms]
    arms = [_summarize_arm(costs, arm, converged.get(arm), found.get(arm), logs.get(arm)) for arm in labels]
    baseline = next((arm for arm in arms if arm.name == costs.record.baseline), None)
    if baseline is None:
        return arms
    record = costs.record
    return [
        replace(arm, why=_explain(record, arm, baseline), tracings=_compare_tracings(record, arm, baseline))
        if arm is not baseline and arm.verdict not in (Answer.SAME, Answer.UNSURE)
        else arm
        for arm in arms
    ]


def _compare_tracings(record: Lines, arm: ArmSummary, baseline: ArmSummary) -> list[TracingChange]:
    """What all epochs of one process of each trace and compile, if both ran the same epochs."""
    one, other = arm.accounting, baseline.accounting
    if not one or not other or not one.is_comparable(other):
        return []
    mine, theirs = (find_repeated(tracings.of_one_block(record, own.name) or []) for own in (arm, baseline))
    return compare_tracings(mine, theirs, one.seconds - other.seconds, in_all_epochs)


def _explain(record: Lines, arm: ArmSummary, baseline: ArmSummary) -> Why | None:
    """Explain the difference between an epoch of an arm and one of the baseline."""
    both = [kind for kind in baseline.lines if kind in arm.lines]
    timed = [kind for kind in both if kind in arm.timed and kind in baseline.timed]
    ran = [kind for kind in baseline.epoch_times if kind in arm.epoch_times]
    wanted = [kind for kind in (baseline.commonest, arm.commonest) if kind in (timed or both or ran)]
    kind = next(iter([*wanted, *timed, *both, *ran]), None)
    if kind is None:
        return None
    counts = kind not in (*arm.incomplete_flops, *baseline.incomplete_flops)
    mine, theirs = (_collect_epochs(record, own, kind, counts) for own in (arm, baseline))
    return explain(kind, mine, theirs, len(record.blocks_done))


def _leave_out_arithmetic(use: LineUse) -> LineUse:
    ways = [way._replace(flops=0.0, products=[]) for way in use.callers]
    return use._replace(flops=0.0, products=[], callers=ways)


def _collect_epochs(record: Lines, arm: ArmSummary, kind: str, counts: bool) -> Epochs:
    """What is known of an arm's epochs of a kind; `counts`: also of their arithmetic, because it was counted in full.
    Where they have no steady time, the one that was timed stands for them."""
    timed = arm.timed.get(kind)
    wall = timed.wall if timed else None
    repeated = find_repeated([epoch for epoch in tracings.of_one_block(record, arm.name) or [] if epoch.kind == kind])
    seconds = arm.epoch_times.get(kind, wall)
    uses = arm.lines.get(kind, [])
    uses = uses if counts else list(map(_leave_out_arithmetic, uses))
    return Epochs(uses, timed, seconds, arm.between.get(kind, []), repeated)


def _summarize_gated(record: Lines) -> list[ArmSummary]:
    """The arms of one variant's gate, compared with the base of that variant."""
    costs = Projection(record, epoch_table.table(record))
    logs = all_logs(costs)
    return _summarize_arms(costs, logs, _judge(costs, logs), {})


def _check_machine(record: Lines, arms: list[ArmSummary], found: Mapping[str, Verdict]) -> SelfCheck | None:
    """The result of a self-check. The plan says which arm is the repeat and which is slowed down."""
    plan = record.plan
    controls = {arm.slowdown > 0: arm for arm in record.arms if arm.label != record.baseline}
    if not controls.get(True) or len(controls) < 2 or any(record.failure(arm.label) for arm in record.arms):
        return None
    ratios = {arm.name: arm.ratio for arm in arms}
    null, slowed = (Control(ratios[controls[key].label], found.get(controls[key].label)) for key in (False, True))
    return self_check(null, slowed, controls[True].slowdown, plan.tolerance)


def _summarize_arm(
    costs: Projection,
    arm: str,
    converged: Convergence | None,
    verdict: Verdict | None,
    logs: Mapping[int, float] | None,
) -> ArmSummary:
    record = costs.record
    failure = record.failure(arm)
    measured = MeasuredArm(costs, arm, logs, converged)
    work = measured.work
    times = measured.epoch_times
    found = None if converged else losses(record, arm)
    evidence = rules.Evidence.of(record, arm) if record.plan.profiles else None
    profile = _collect_profile(record, arm, evidence) if evidence else None
    ready = next((line for line in record.ready if line.arm == arm), None)
    counted = next((line for line in record.works if line.arm == arm), None)
    cut_off = "cut off" if len(measured.epochs) else "not run"
    return ArmSummary(
        name=arm,
        status="failed" if failure else "ok" if measured.ends else cut_off,
        reason=f"{failure.moment}: {failure.reason}" if failure else None,
        verdict=verdict.answer if verdict else None,
        metrics={name: one for metric in METRICS.values() for name, one in metric.all_of(measured).items()},
        commonest=times.commonest if times else None,
        gemm_flops_per_second=work.gemm_flops_per_second,
        memory_bytes_per_second=counted.memory_bytes_per_second if counted else None,
        gemm_share=work.gemm_share.get(times.commonest) if times else None,
        gemm_share_by_kind=dict(work.gemm_share) or None,
        incomplete_flops=list(work.incomplete),
        lines=dict(counted.lines) if counted else {},
        timed=dict(counted.timed) if counted else {},
        bounds=find_bounds(counted) if counted else {},
        untimed=counted.untimed if counted else None,
        between=dict(counted.between) if counted else {},
        sources=dict(counted.sources) if counted else {},
        losses=describe_losses(found) if found else None,
        losses_relation=found.relation if found else None,
        losses_epochs=found.epochs if found else None,
        unsound=[] if converged else unsound(record, arm),
        seed_ignored=find_seed_ignored(record, arm),
        marked_by=ready.description.marked_by or None if ready else None,
        loop=next((end.loop for end in record.ends if end.arm == arm and end.loop), None),
        python=ready.python or None if ready else None,
        prefix=ready.prefix or None if ready else None,
        loaded=record.loaded(arm),
        not_forkable=ready.not_forkable or None if ready else None,
        after_seconds=next((end.after_seconds for end in record.ends if end.arm == arm and end.trained), None),
        unreached=_find_unreached(record, arm),
        threads=_find_other_threads(record, arm),
        threads_set_by=next((end.threads_set_by for end in record.ends if end.arm == arm), {}),
        cores_busy=epoch_table.cores_busy(record, arm),
        arithmetic=next((end.arithmetic for end in record.ends if end.arm == arm), {}),
        caches=_find_caches(ready.environment) if ready else {},
        tensors_followed=None if find_allocated(measured.ends) else find_followed(record, arm),
        idle_share=epoch_table.idle_share(record, arm),
        from_cache=tracings.count_from_cache(tracings.of_one_block(record, arm) or []),
        gpu_clocks=clocks(record).get(arm),
        gpu_bytes=max((sum(end.gpu_bytes.values()) for end in record.ends if end.arm == arm), default=0) or None,
        pending_share=epoch_table.pending_share(record, arm),
        exact=None if converged else exact(record, arm),
        smallest_visible_ratio=verdict.smallest_visible if verdict else None,
        unavailable=_collect_unavailable(costs, arm, profile),
        findings=[_word_finding(found) for found in rules.findings(evidence)] if evidence else [],
        profile=profile,
        accounting=None if converged else accounted(costs, arm),
        convergence=converged,
    )


def _find_unreached(record: Lines, arm: str) -> dict[str, int]:
    """The kinds of an arm's schedule that ran in none of its processes, each with its first epoch."""
    ran = {epoch.kind for piece in record.slices if piece.arm == arm for epoch in piece.epochs}
    declared: dict[str, int] = {}
    for ready in record.ready:
        for segment in ready.description.segments if ready.arm == arm and ran else ():
            declared[segment.kind] = min(segment.start, declared.get(segment.kind, segment.start))
    return {kind: first for kind, first in declared.items() if kind not in ran}


def _find_caches(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.endswith("_CACHE_DIR")}


def _find_other_threads(record: Lines, arm: str) -> dict[str, int]:
    """The number of threads of each framework in an arm that did not keep to what was set."""
    own = [end.threads for end in record.ends if end.arm == arm]
    return {name: number for threads in own for name, number in threads.items() if number != record.plan.threads}


def _collect_profile(record: Lines, arm: str, evidence: rules.Evidence) -> Profiled:
    return Profiled(
        evidence.traced,
        evidence.compiled,
        evidence.phases,
        profiles(record, arm),
        {kind: dict(parts) for kind, parts in evidence.parts.items()},
        dict(evidence.growths),
        next((work.variables for work in record.works if work.arm == arm), None),
    )


def _word_finding(found: Found) -> ProfileFinding:
    return ProfileFinding(found.rule, describe_finding(found), found.seconds, found.share, found.most_share)


def _collect_unavailable(costs: Projection, arm: str, profile: Profiled | None) -> dict[str, str]:
    """What could not be observed and why: reasons from its processes, a trend, or too few epochs."""
    record = costs.record
    found = record.unavailable(arm)
    if find_followed(record, arm):
        found.pop(PEAK, None)
    elif PEAK in found:
        found[PEAK] = why_not_followed(record, arm) or found[PEAK]
    if arm in costs.trends:
        direction = "slower" if costs.trends[arm].seconds > 0 else "quicker"
        found[TRENDING] = f"each epoch is {direction} than the one before"
    if profile and not profile.growth and _has_memory_samples(record, arm):
        found["memory from epoch to epoch"] = f"fewer than {FEWEST} epochs of any kind ran in a row"
    return found


def _has_memory_samples(record: Lines, arm: str) -> bool:
    """Whether resident memory after epochs was recorded."""
    return any(used.rss for epoch in watched(record, arm, MEMORY) if (used := seen.memory(epoch)))


def _find_one_by_one(record: Lines) -> list[str]:
    apart = {arm for start in record.starts if start.one_by_one for arm in start.order}
    beside = None if record.plan.trains else record.baseline
    return [arm.label for arm in record.arms if arm.label in apart and arm.label != beside]


def ratios(record: Lines) -> dict[str, Ratio]:
    """The cost of each arm relative to the baseline, for arms where it is known."""
    costs = Projection(record, epoch_table.table(record))
    found = {arm: MeasuredArm(costs, arm, logs).ratio for arm, logs in all_logs(costs).items()}
    return {arm: ratio for arm, ratio in found.items() if ratio}


def _judge(costs: Projection, logs: Mapping[str, Mapping[int, float]]) -> dict[str, Verdict]:
    """Verdicts on the arms that did not fail. In an ablation, changes are judged instead of arms."""
    record, plan = costs.record, costs.record.plan
    judged = {arm: list(own.values()) for arm, own in logs.items() if not record.failure(arm)}
    if plan.ablation:
        return {}
    common = {arm: costs.common_error(arm) for arm in judged}
    return verdicts(judged, plan.tolerance, plan.fewest, record.most, common=common)

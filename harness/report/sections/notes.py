"""What a reader must know besides the tables, in sentences."""

from collections.abc import Iterator

from harness import rounding
from harness.analysis.epochs.trend import TRENDING
from harness.analysis.machine.gpu_clocks import ratio_in_cycles
from harness.analysis.stats.verdicts import UNSURE
from harness.plan.gate_rules import FLOPS
from harness.plan.plan import COUNTED_FROM
from harness.report import units
from harness.report.sections.arithmetic import UNCOUNTED
from harness.report.summary import ArmSummary, Summary
from harness.report.wording import words
from harness.report.wording.gpus import describe_clocks, describe_cycles
from harness.report.wording.machine import company, describe_load

FAR = 2.0
"""Ratios of at least this are given as a factor, since hundreds of percent are hard to read."""
AFTER_SECONDS, AFTER_SHARE = 1.0, 0.1
"""Time after the last epoch is reported from this many seconds on, if it is more than this share of all epochs."""
BUSY = 0.02
"""A waiting arm that uses more than this share of a processor is reported, since it slows the others."""


def heading(summary: Summary) -> str:
    """What was run, in one line."""
    names = list(dict.fromkeys(check.variant for check in summary.gate.checks)) if summary.gate else []
    names = names or [arm.name for arm in summary.arms]
    found = summary.ablation
    who = f"{found.start} -> {found.goal}" if found else ", ".join(names)
    where = [summary.case, f"{summary.scale} scale" if summary.scale else None]
    return ": ".join(filter(None, [f"{summary.command.capitalize()} {who}", " at ".join(filter(None, where))]))


def about_machine(summary: Summary) -> Iterator[str]:
    """Whether something else was being measured on the machine."""
    if other := company(summary.machine):
        yield other


def load(summary: Summary) -> Iterator[str]:
    """Whether something else was computing on the machine, unless that is known to have been another run."""
    if not company(summary.machine) and (found := describe_load(summary.machine)):
        yield found


def imported_anew(summary: Summary) -> Iterator[str]:
    """Arms that import their libraries in each block again, which takes time that others do not need."""
    arms_of: dict[str, list[str]] = {}
    for arm in summary.arms if summary.blocks > 1 else ():
        if arm.not_forkable:
            arms_of.setdefault(arm.not_forkable, []).append(arm.name)
    if arms_of:
        reasons = words.listed([f"in {words.listed(arms)} {why}" for why, arms in arms_of.items()])
        yield f"All processes imported their libraries anew, which takes longer, because {reasons}."


def uncounted(summary: Summary) -> Iterator[str]:
    """Whether nothing was counted because the budget is short."""
    if summary.budget and not summary.counts_operations:
        yield (
            f"Neither lines nor operations were looked at, because that takes some seconds: give --budget"
            f" {COUNTED_FROM:g}s or more, or ask `harness explain`."
        )


def failures(summary: Summary) -> Iterator[str]:
    baseline = _find_baseline(summary)
    for arm in summary.arms:
        if arm.status == "failed":
            yield f"{arm.name} failed {arm.reason}"
    for arm in summary.arms:
        if not arm.ratio and arm.name != baseline.name and {arm.status, baseline.status} == {"ok"}:
            yield f"{arm.name} and {baseline.name} ran too few epochs to take turns: no ratio. Give more --epochs."


def memory(summary: Summary) -> Iterator[str]:
    others = {arm.name for arm in summary.arms} - {summary.baseline}
    if summary.paired and others - set(summary.one_by_one):
        yield "The arms did not fit in memory together, so each was measured in a pair with the baseline."
    if summary.one_by_one:
        yield (
            f"{' and '.join(summary.one_by_one)} did not fit in memory together with {summary.baseline}: they ran one "
            "after the other, so their ratios include whatever else the machine did."
        )


def busy_while_waiting(summary: Summary) -> Iterator[str]:
    for arm in summary.arms:
        if arm.idle_share and arm.idle_share > BUSY and len(summary.arms) > 1:
            share = units.percent(arm.idle_share)
            yield (
                f"{arm.name} used {share} of a processor while other arms had their turn, which slowed them: does it "
                "leave threads running between epochs?"
            )


def early(summary: Summary) -> Iterator[str]:
    """Arms whose epochs return before their work is done, as asynchronous frameworks let them."""
    for arm in summary.arms:
        if arm.pending_share is not None:
            yield (
                f"The epochs of {arm.name} return before their work is done: {units.percent(arm.pending_share)} of the"
                " time was waited for at the end of turns. So turns were timed as a whole, and the time of an epoch is"
                " its share of its turn."
            )


def gpus(summary: Summary) -> Iterator[str]:
    """Turns in which a GPU's clock was held down, and differences that are only the clock's."""
    baseline = _find_baseline(summary)
    for arm in summary.arms:
        if arm.gpu_clocks and arm.gpu_clocks.slowed:
            yield describe_clocks(arm.name, arm.gpu_clocks)
    for arm in summary.arms:
        if arm.ratio and arm.name != baseline.name:
            ratio = arm.ratio.estimate
            cycles = ratio_in_cycles(ratio, arm.gpu_clocks, baseline.gpu_clocks, summary.tolerance)
            if cycles is not None:
                yield describe_cycles(arm.name, baseline.name, ratio, cycles)


def unreached(summary: Summary) -> Iterator[str]:
    """Kinds of epochs that a schedule has and that never ran, so that no figure has them."""
    for arm in summary.arms:
        if arm.unreached and arm.status == "ok":
            kinds = words.listed([f"{kind} (from epoch {first} on)" for kind, first in arm.unreached.items()])
            yield f"{arm.name} never reached its epochs of kind {kinds}: no figure includes them. Give more --epochs."


def after_epochs(summary: Summary) -> Iterator[str]:
    """Programs that went on for long after their last epoch: part of their training may not have been seen."""
    for arm in summary.arms:
        seconds = arm.after_seconds or 0.0
        epochs = arm.accounting.seconds if arm.accounting else _find_training_seconds(arm)
        if seconds > AFTER_SECONDS and epochs and seconds > AFTER_SHARE * epochs:
            yield (
                f"{arm.name} ran for another {units.seconds(seconds)} after its last epoch, which no figure includes:"
                " if it still trained then, --epoch-at can name where."
            )


def unseen(summary: Summary) -> Iterator[str]:
    """What could not be observed, so that tables are missing or say less. Each reason appears once."""
    found: dict[str, dict[str, list[str]]] = {}
    for arm in summary.arms:
        uncounted = arm.measured(FLOPS).unavailable if arm.measured(FLOPS).unavailable in UNCOUNTED else None
        reasons = arm.unavailable | ({"arithmetic": uncounted} if uncounted else {})
        for what, why in reasons.items():
            if what == TRENDING:  # `accounting` has a sentence of its own for it
                continue
            found.setdefault(why, {}).setdefault(what, []).append(arm.name)
    for why, arms_of in found.items():
        for arms in dict.fromkeys(map(tuple, arms_of.values())):
            whats = words.listed([what for what, own in arms_of.items() if tuple(own) == arms])
            whose = f" of {words.listed(arms)}" if len(arms) < len(summary.arms) else ""
            yield f"Not available here: {whats}{whose}, because {why}."


def unsure(summary: Summary) -> Iterator[str]:
    for arm in summary.arms:
        if arm.verdict == UNSURE and arm.smallest_visible_ratio:
            visible = arm.smallest_visible_ratio
            if visible < FAR:
                yield f"{arm.name}: unsure; a difference of {units.percent(visible - 1)} would have been detected."
            else:
                yield f"{arm.name}: unsure; only a factor of {units.number(visible)} or more would have been detected."


def end(summary: Summary) -> Iterator[str]:
    blocks = words.many(summary.blocks, "block")
    if summary.stopped and summary.looks > 1:
        yield f"Stopped after {blocks}: {summary.stopped}."
    if summary.out_of_time and summary.budget is not None:
        budget = rounding.exact_seconds(summary.budget)
        yield f"The budget of {budget} ended within block {summary.blocks + 1}: {blocks} completed."
    elif summary.partial:
        yield f"This run is partial: {blocks} completed."
    elif not any(arm.ratio and arm.status != "failed" for arm in summary.arms):
        return  # more blocks would not give an interval either
    elif summary.blocks == 1 and len(summary.arms) > 1:
        yield "One block gives an estimate only: an interval needs at least two blocks, a verdict three (--blocks)."
    elif summary.blocks == 2 and len(summary.arms) > 1:
        yield "Two blocks give no verdict: that needs three (--blocks)."


def conditions(summary: Summary) -> str:
    """Machine, versions and seeds, in one sentence."""
    machine, versions = summary.machine, summary.versions
    trained = any(arm.convergence for arm in summary.arms)
    loaded = "".join(f", {name} {version}" for name, version in summary.loaded.items())
    seed = _describe_seeds(summary) if trained else f"seed {summary.seed}, {words.many(summary.blocks, 'block')}"
    cores = f"{words.many(summary.threads, 'thread')} of {machine.get('cores', '?')} cores"
    return (
        f"Measured with {cores} on "
        f"{machine.get('processor', 'an unknown processor')}, {units.size(machine.get('memory_bytes'))}, "
        f"{machine.get('system', '')}; Python {versions.get('python', '?')}{loaded}; {seed}."
    )


def _find_training_seconds(arm: ArmSummary) -> float | None:
    return arm.convergence.final.seconds if arm.convergence and arm.convergence.final else None


def _find_baseline(summary: Summary) -> ArmSummary:
    return next(arm for arm in summary.arms if arm.name == summary.baseline)


def _describe_seeds(summary: Summary) -> str:
    """The seeds of the completed trainings."""
    last = summary.seed + summary.blocks - 1
    return f"seeds {summary.seed} to {last}" if summary.blocks > 1 else f"seed {summary.seed}"

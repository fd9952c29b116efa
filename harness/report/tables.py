"""A summary -> tables of strings, the same for every report."""

from harness.analysis import epochs as epoch_table
from harness.analysis.exact import Pair
from harness.analysis.fitness import company
from harness.analysis.verdicts import UNSURE
from harness.record import Record
from harness.report import convergence, fitness, units
from harness.report.arithmetic import arithmetic
from harness.report.summary import ArmSummary, Summary, traces_by_function
from harness.report.table import Table

RESTLESS = 0.02
"""The share of a processor from which on an arm that waits disturbs the others."""


def times(summary: Summary) -> Table:
    """The main table of a comparison: a row an arm."""
    judged = any(arm.verdict for arm in summary.arms)
    rows = [
        [
            arm.name,
            "baseline" if arm.name == summary.baseline else units.ratio(arm.ratio),
            *([arm.verdict or units.NOTHING if arm.name != summary.baseline else ""] if judged else []),
            units.projection(arm.projected_seconds),
        ]
        for arm in summary.arms
    ]
    what, took = ("whole schedule", "one training") if summary.whole else ("all epochs run", "they took")
    columns = ["arm", what, *(["verdict"] if judged else []), took]
    return Table("Cost", columns, rows, _ratio_note(summary))


def kinds(summary: Summary) -> Table | None:
    """Like epochs related to like: the baseline's in seconds, the others' as ratios to them."""
    names = list(dict.fromkeys(kind for arm in summary.arms for kind in (arm.ratio_by_kind or {})))
    if not names:
        return None
    rows = [_row_by_kind(arm, names) for arm in summary.arms if arm.ratio_by_kind or arm.name == summary.baseline]
    intervals = any(ratio.low is not None for arm in summary.arms for ratio in (arm.ratio_by_kind or {}).values())
    note = f"A median epoch of {summary.baseline}, and the others' relative to it"
    note += "; ± is half the 95 % interval." if intervals else "."
    return Table("An epoch, by kind", ["arm", *names], rows, note)


def _row_by_kind(arm: ArmSummary, kinds: list[str]) -> list[str]:
    if arm.ratio_by_kind:
        return [arm.name, *(units.short_ratio(arm.ratio_by_kind.get(kind)) for kind in kinds)]
    seconds = arm.epoch_seconds.by_kind if arm.epoch_seconds else {}
    return [arm.name, *(units.seconds(seconds.get(kind)) for kind in kinds)]


def costs(summary: Summary) -> Table:
    """What a median epoch does not show."""
    rows = [
        [
            arm.name,
            units.seconds(arm.first_epoch_seconds),
            units.count(arm.traces),
            units.count(arm.retraces),
            units.size(arm.peak_rss_bytes),
            units.size(arm.peak_tensor_bytes),
        ]
        for arm in summary.arms
    ]
    columns = ["arm", "first epoch", "traces", "retraces", "peak memory", "peak tensors"]
    return Table("Tracing and memory", columns, rows, "Traces are those of the epochs that one block sampled.")


def counts(summary: Summary) -> Table | None:
    """What is deterministic, where an arm's differs from the baseline's."""
    rows = []
    for arm in summary.arms:
        if arm.exact is None:
            continue
        flops = [
            f"{kind} {units.number(pair.arm / pair.baseline)}x"
            for kind, pair in arm.exact.flops.items()
            if not pair.same and pair.baseline
        ]
        flops = flops or (["same"] if arm.exact.flops else [units.NOTHING])
        rows.append(
            [
                arm.name,
                units.count(arm.exact.epochs),
                _pair(arm.exact.traces),
                _pair(arm.exact.retraces),
                ", ".join(flops),
            ]
        )
    note = (
        f"Counted exactly, {summary.baseline} -> arm: traces over the epochs that both ran in the same order from the "
        "first on; operations of the matrix products of an epoch, relative to the baseline's."
    )
    return Table("Counts", ["arm", "epochs", "traces", "retraces", "operations"], rows, note) if rows else None


def _pair(pair: Pair) -> str:
    return "same" if pair.same else f"{pair.baseline:g} -> {pair.arm:g}"


def losses(summary: Summary) -> Table | None:
    """Whether what was timed is the same training: the others' losses beside the baseline's."""
    rows = [
        [arm.name, arm.losses, units.count(arm.losses_epochs)]
        for arm in summary.arms
        if arm.losses and arm.name != summary.baseline
    ]
    note = (
        f"From the same seed as {summary.baseline}, over the epochs that both ran in the same order from the first on. "
        "A different objective was seen on one batch, before any training."
    )
    return Table("Losses", ["arm", "losses", "epochs compared"], rows, note, texts=2) if rows else None


def epochs_by_kind(record: Record, arm: str) -> Table:
    """The epochs of one arm: the first of each kind, and the steady ones."""
    epochs = epoch_table.table(record)
    mine = epochs[epochs["arm"] == arm]
    rows = []
    for kind, own in mine.groupby("kind", sort=False):
        first = own[own["first"]]["wall"]
        steady = epoch_table.in_turns(own)
        quartiles = steady["wall"].quantile([0.25, 0.5, 0.75])
        spread = (
            f"{units.seconds(quartiles[0.25])} .. {units.seconds(quartiles[0.75])}" if len(steady) else units.NOTHING
        )
        rows.append(
            [
                str(kind),
                units.seconds(first.median() if len(first) else None),
                units.seconds(quartiles[0.5] if len(steady) else None),
                spread,
                f"{steady['cpu'].sum() / steady['wall'].sum():.2f}" if len(steady) else units.NOTHING,
                str(len(steady)),
            ]
        )
    columns = ["kind", "first", "steady: median", "quartiles", "cores busy", "measured"]
    return Table("Epochs", columns, rows)


def traces(record: Record, arm: str) -> Table | None:
    """Which functions were traced, how often, and what it took."""
    found = traces_by_function(record, arm)
    if not found:
        return None
    rows = [[function, where, str(times), units.seconds(seconds)] for function, where, times, seconds in found]
    note = "Time is that of the function alone, without those traced inside it."
    return Table("Traces", ["function", "defined at", "times", "took"], rows, note, texts=2)


def memory(arm: ArmSummary) -> Table:
    rows = [
        ["peak memory of the process", units.size(arm.peak_rss_bytes)],
        ["peak of TensorFlow's tensors", units.size(arm.peak_tensor_bytes)],
    ]
    return Table("Memory", ["what", "size"], rows)


def chosen(summary: Summary, record: Record) -> list[Table]:
    """The tables for this kind of run, in order."""
    if summary.command == "converge":
        return convergence.tables(summary)
    if summary.command == "profile":
        arm = summary.arms[0]
        found = [epochs_by_kind(record, arm.name), traces(record, arm.name), memory(arm), arithmetic(summary)]
    elif summary.command == "selfcheck":
        found = [times(summary), kinds(summary), fitness.machine(summary)]
    else:
        found = [times(summary), kinds(summary), losses(summary), counts(summary), costs(summary), arithmetic(summary)]
    return [table for table in found if table is not None]


def heading(summary: Summary) -> str:
    """What was run, in a line."""
    who = ", ".join(arm.name for arm in summary.arms)
    where = [summary.case, f"{summary.scale} scale" if summary.scale else None]
    return ": ".join(filter(None, [f"{summary.command.capitalize()} {who}", " at ".join(filter(None, where))]))


def sentences(summary: Summary) -> list[str]:
    """What a reader must know beside the tables: failures, and what is missing."""
    beside = company(summary.machine)
    said = [*fitness.sentences(summary), *([beside] if beside else [])]
    if summary.command == "converge":
        return said + convergence.sentences(summary)
    said += [f"{arm.name} failed {arm.reason}" for arm in summary.arms if arm.status == "failed"]
    if _baseline(summary).status == "failed" and len(summary.arms) > 1:
        said.append(f"The baseline {summary.baseline} failed, so there is nothing to relate the others to.")
    said += [
        f"{arm.name} and {summary.baseline} took no turns, so they have no ratio: more --epochs would give one."
        for arm in summary.arms
        if not arm.ratio and arm.name != summary.baseline and {arm.status, _baseline(summary).status} == {"ok"}
    ]
    others = {arm.name for arm in summary.arms} - {summary.baseline}
    if summary.paired and others - set(summary.one_by_one):
        said.append("The arms did not fit in memory together: each was measured beside the baseline alone.")
    if summary.one_by_one:
        said.append(
            f"Memory does not hold {' or '.join(summary.one_by_one)} beside {summary.baseline}: they ran one after the "
            "other, so what else the machine did is in their ratios."
        )
    said += [
        f"{arm.name} used {units.percent(arm.idle_share)} of a processor while it was others' turn, which slowed them: "
        "does it leave threads running between epochs?"
        for arm in summary.arms
        if arm.idle_share and arm.idle_share > RESTLESS and len(summary.arms) > 1
    ]
    said += [
        f"{arm.name}: unsure; a difference of {units.percent(arm.smallest_visible_ratio - 1)} would have shown."
        for arm in summary.arms
        if arm.verdict == UNSURE and arm.smallest_visible_ratio
    ]
    if summary.stopped and summary.looks > 1:
        said.append(f"Stopped after {units.many(summary.blocks, 'block')}: {summary.stopped}.")
    if summary.out_of_time:
        block = units.many(summary.blocks, "block")
        said.append(f"The budget of {summary.budget:g} s ended within block {summary.blocks + 1}: {block} completed.")
    elif summary.partial:
        said.append(f"This run is partial: {units.many(summary.blocks, 'block')} completed.")
    elif summary.blocks == 1 and len(summary.arms) > 1:
        said.append("One block is an estimate: an interval takes at least two, a verdict three (--blocks).")
    elif summary.blocks == 2 and len(summary.arms) > 1:
        said.append("Two blocks give no verdict: it takes three (--blocks).")
    return said


def conditions(summary: Summary) -> str:
    """On what it was measured, in a sentence."""
    machine, versions = summary.machine, summary.versions
    loaded = "".join(f", {name} {version}" for name, version in summary.loaded.items())
    seed = f"seed {summary.seed}, {units.many(summary.blocks, 'block')}"
    seeds = convergence.seeds(summary) if summary.command == "converge" else None
    cores = f"{units.many(summary.threads, 'thread')} of {machine.get('cores', '?')} cores"
    return (
        f"Measured with {cores} on "
        f"{machine.get('processor', 'an unknown processor')}, {units.size(machine.get('memory_bytes'))}, "
        f"{machine.get('system', '')}; Python {versions.get('python', '?')}{loaded}; "
        f"{seeds or seed}."
    )


def _baseline(summary: Summary) -> ArmSummary:
    return next(arm for arm in summary.arms if arm.name == summary.baseline)


def _ratio_note(summary: Summary) -> str:
    ratios = [arm.ratio for arm in summary.arms if arm.ratio]
    if not ratios:
        return ""
    interval = ", with its 95 % interval over blocks" if any(ratio.low is not None for ratio in ratios) else ""
    if interval and summary.looks > 1:
        interval += f" (95 % over all {summary.looks} looks)"
    if summary.whole:
        what, how = "Whole schedule", "One training: projected from the sampled epochs."
    else:
        what, how = "All epochs run", "They are no whole training: the first ones, with their tracing, weigh more here."
    judged = any(arm.verdict for arm in summary.arms)
    same = f" Same: within {units.percent(summary.tolerance)}." if judged else ""
    return f"{what}: the cost relative to {summary.baseline}{interval}; below 1 is faster.{same} {how}"

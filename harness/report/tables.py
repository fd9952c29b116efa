"""A summary -> tables of strings, the same for every report."""

from harness.analysis import epochs as epoch_table
from harness.analysis.exact import Pair
from harness.analysis.tracings import Traced, by_cause, by_function, of_one_block
from harness.record import Record
from harness.report import convergence, fitness, units
from harness.report.arithmetic import arithmetic
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Table


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
    """Which functions were traced, why, how often, and what it took."""
    found = by_cause(trace for epoch in of_one_block(record, arm) or () for trace in epoch.traces)
    if not found:
        return None
    rows = [[one.function, one.where, _why(one), str(one.times), units.seconds(one.seconds)] for one in found]
    note = "Time is that of the function alone, without those traced inside it. Of like causes the first is shown."
    causes = {one.cause.sort: one.cause for one in found if one.cause and one.cause.advice}
    note = " ".join([note, *(f"For {sort}: {cause.advice}." for sort, cause in causes.items())])
    return Table("Traces", ["function", "defined at", "why", "times", "took"], rows, note, texts=3)


def compilations(record: Record, arm: str) -> Table | None:
    """Which functions XLA compiled, how often, and what it took."""
    found = by_function(one for epoch in of_one_block(record, arm) or () for one in epoch.compiles)
    if not found:
        return None
    rows = [[one.function, one.where, str(one.times), str(one.silent), units.seconds(one.seconds)] for one in found]
    note = "Silently: for another shape, without a tracing that would announce it."
    return Table("Compilations by XLA", ["function", "defined at", "times", "silently", "took"], rows, note, texts=2)


def _why(one: Traced) -> str:
    return one.cause.text if one.cause else "not seen"


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
        found = [
            epochs_by_kind(record, arm.name),
            traces(record, arm.name),
            compilations(record, arm.name),
            memory(arm),
            arithmetic(summary),
        ]
    elif summary.command == "selfcheck":
        found = [times(summary), kinds(summary), fitness.machine(summary)]
    else:
        found = [times(summary), kinds(summary), losses(summary), counts(summary), costs(summary), arithmetic(summary)]
    return [table for table in found if table is not None]


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

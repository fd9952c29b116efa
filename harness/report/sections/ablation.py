"""The effect of each change, as sentences and tables."""

from collections.abc import Iterator, Sequence

from harness import rounding
from harness.analysis.comparison.losses import Relation
from harness.analysis.comparison.shares_of_changes import Attribution, Interaction, Share
from harness.analysis.stats.estimates import Estimate
from harness.analysis.stats.ratios import Ratio
from harness.analysis.stats.verdicts import FASTER, SAME, SLOWER, UNSURE
from harness.report import units
from harness.report.sections import scopes
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Cell, Table
from harness.report.wording import words
from harness.report.wording.losses import describe_losses

METHOD = (
    " The effect of a change depends on which other changes have been made. Its share is its effect averaged over all"
    " orders in which the changes can be made (its Shapley value), so that the shares add up to the total: log-ratios"
    " and seconds add, factors multiply. Each block gives its own shares; intervals are Student's t over blocks, and"
    " the verdicts on several changes are corrected by Holm's procedure."
)
CROSSED = " Every block measured every set of changes."
BY_ORDERS = (
    " With this many changes, each block took one random order and its reverse, and measured the sets of changes along"
    " these two; the effect of the order is part of the intervals."
)


def method(summary: Summary) -> str:
    """What is added to the method of a comparison."""
    if summary.ablation is None:
        return ""
    return METHOD + (CROSSED if summary.ablation.crossed else BY_ORDERS)


def headline(summary: Summary) -> str:
    """The effects of the changes, the total first. Empty if no block is complete."""
    found = summary.ablation
    whole, *parts = _make_clauses(found, summary.tolerance) if found else [""]
    return f"{whole}{': ' if parts else ''}{'; '.join(parts)}." if whole else ""


def findings(summary: Summary) -> list[str]:
    """Interactions between changes, and changes of the objective."""
    found = summary.ablation
    return [*_describe_interactions(found), *_describe_other_objectives(found)] if found else []


def sentences(summary: Summary) -> Iterator[str]:
    """Which arms failed, and what that left out."""
    found = summary.ablation
    if found is None or not found.failed:
        return
    who = words.listed(found.failed)
    if not found.blocks:
        yield f"There are no shares of the changes: {who} failed, so no block is complete."
    else:
        blocks = words.many(found.blocks, "block")
        yield f"The shares are based on {blocks}: those in which {who} did not fail, or did not take part."


def tables(summary: Summary) -> list[Table]:
    found = summary.ablation
    if found is None:
        return []
    return [
        *([_make_shares_table(summary, found)] if found.blocks else []),
        _make_alone_and_last_table(found),
        *([_make_interactions_table(found.interactions)] if found.interactions else []),
        _make_counts_table(found),
        _make_arms_table(summary),
    ]


def _make_clauses(found: Attribution, tolerance: float) -> list[str]:
    """A clause on the total, then one on each change or group of changes, the largest share first."""
    if found.total.ratio is None:
        return [""]
    margin = units.percent(tolerance)
    whole = _compare_ends(found, found.total, margin)
    if found.total.verdict is None:
        largest = max(found.changes, key=lambda share: abs(share.log_ratio.estimate) if share.log_ratio else 0.0)
        return [
            f"{whole} (estimate)",
            f"the largest share is that of {_name_change(largest)}, {units.ratio(largest.ratio)}",
        ]
    effective = [share for share in found.changes if share.verdict in (FASTER, SLOWER)]
    effective.sort(key=lambda share: -abs(share.log_ratio.estimate) if share.log_ratio else 0.0)
    clauses = [whole, *(_describe_effect(share, found.total) for share in effective)]
    same = [share.name for share in found.changes if share.verdict == SAME]
    if same:
        do, each = ("do", f"each within {margin}") if len(same) > 1 else ("does", f"within {margin}")
        clauses.append(f"{words.listed(same)} {do} not matter ({each})")
    unsure = [f"{share.name} ({units.ratio(share.ratio)})" for share in found.changes if share.verdict == UNSURE]
    if unsure:
        clauses.append(f"{words.listed(unsure)} {'is' if len(unsure) == 1 else 'are'} unsure")
    return clauses


def _compare_ends(found: Attribution, total: Share, margin: str) -> str:
    ratio = units.ratio(total.ratio)
    if total.verdict == SAME:
        return f"{found.goal} costs the same as {found.start}, within {margin}, {ratio}"
    if total.verdict == UNSURE:
        return f"It is unsure whether {found.goal} costs more or less than {found.start}, {ratio}"
    return f"{found.goal} costs {_format_factor(total.ratio)} {found.start}"


def _format_factor(ratio: Ratio | None) -> str:
    """A ratio as people say it: far below 1, as how many times less."""
    assert ratio is not None
    if ratio.estimate > 0.5:
        return f"{units.ratio(ratio)} of"
    low, high = ratio.low, ratio.high
    inverse = Ratio(1 / ratio.estimate, 1 / high if high else None, 1 / low if low else None)
    return f"{units.ratio(inverse)} less than"


def _describe_effect(share: Share, total: Share) -> str:
    """A change that works against the total has no part of it, so its part is left out."""
    verb, whole = ("gives", "gain") if share.verdict == FASTER else ("costs", "loss")
    part = f", {_format_percent(share.part)} of the {whole}" if share.part and share.verdict == total.verdict else ""
    return f"{_name_change(share)} {verb} {units.ratio(share.ratio)}{part}"


def _name_change(share: Share) -> str:
    return f"{share.name} ({share.text})"


def _describe_interactions(found: Attribution) -> Iterator[str]:
    for one in found.interactions or ():
        how = "reinforce each other" if one.log_ratio.estimate < 0 else "hinder each other, or save the same work"
        yield f"{words.listed(one.changes)} {how}: {units.ratio(one.ratio)} beyond their separate effects."


def _describe_other_objectives(found: Attribution) -> Iterator[str]:
    """Changes of the objective: they make it another training, which no cost shows."""
    for share in found.changes:
        if share.losses and share.losses.relation == Relation.OTHER_OBJECTIVE:
            yield f"{share.name} ({share.text}) gives a {describe_losses(share.losses)}."


def _make_shares_table(summary: Summary, found: Attribution) -> Table:
    judged, clear = found.total.verdict is not None, found.total.part is not None
    rows = [
        [
            share.name,
            units.ratio(share.ratio),
            *([share.verdict or units.NOTHING] if judged else []),
            _format_log(share.log_ratio),
            _format_seconds(share.seconds),
            *([_format_percent(share.part)] if clear else []),
        ]
        for share in [*found.changes, found.total]
    ]
    columns = ["change", "share", *(["verdict"] if judged else []), "as a logarithm", "an epoch"]
    columns += ["of all"] if clear else []
    interval = ""
    if found.total.ratio and found.total.ratio.low is not None:
        looks = f" over all {summary.looks} looks" if summary.looks > 1 else ""
        interval = f" ± and [] are 95 % intervals{looks}."
    same = f" Same: within {units.percent(summary.tolerance)}." if judged else ""
    base = f", {units.seconds(found.epoch_seconds)} in {found.start}" if found.epoch_seconds else ""
    note = (
        f"Shares of the cost of {found.goal} relative to {found.start}, over the {scopes.whole(summary)}; below 1 is "
        f"faster. Shares multiply, logarithms add up. An epoch: the share of the difference from {found.start} in the "
        f"average time of an epoch{base}.{interval}{same}"
    )
    if judged and not clear:
        note += " The changes together make no clear difference, so there are no shares in percent."
    return Table(f"Effect of each change, {found.start} -> {found.goal}", columns, rows, note)


def _make_alone_and_last_table(found: Attribution) -> Table:
    rows = [[share.name, share.text, units.ratio(share.alone), units.ratio(share.last)] for share in found.changes]
    columns = ["change", "", f"alone, on {found.start}", f"last, before {found.goal}"]
    note = (
        "The cost with the change relative to the cost without it: before any other change, and after all others. If "
        "the two differ, its effect depends on the other changes."
    )
    if not found.crossed:
        note += " Measured in the blocks whose orders have the change first or last."
    return Table("Alone, and last", columns, rows, note, texts=2)


def _make_interactions_table(clear: Sequence[Interaction]) -> Table:
    rows = [[" and ".join(one.changes), units.ratio(one.ratio), _format_log(one.log_ratio)] for one in clear]
    note = "The effect of two changes together beyond their separate effects; below 1, they reinforce each other."
    return Table("Interactions", ["changes", "factor", "as a logarithm"], rows, note)


def _make_counts_table(found: Attribution) -> Table:
    rows = [
        [
            share.name,
            _format_bytes(share.peak_rss_bytes),
            _format_bytes(share.peak_tensor_bytes),
            _format_number(share.traces),
            _format_number(share.retraces),
            describe_losses(share.losses) if share.losses else units.NOTHING,
        ]
        for share in [*found.changes, found.total]
    ]
    note = (
        "Shares of the difference, which add up too: of peak memory over all blocks, and of the traces in the epochs of"
        f" one block. Losses: those of {found.start} with this change alone, compared with its own from the same seed."
    )
    columns = ["change", "peak memory", "peak tensors", "traces", "retraces", "losses"]
    return Table("Memory, tracing, losses", columns, rows, note)


def _make_arms_table(summary: Summary) -> Table:
    rows = [[arm.name, _format_cost(arm, summary), units.projection(arm.total_time)] for arm in measured(summary)]
    what, took = scopes.columns(summary)
    note = f"Arms have the changes named after a +, or all but those after a -. Relative to {summary.baseline}."
    note = " ".join(filter(None, [note, units.explain_interval(arm.total_time for arm in summary.arms)]))
    return Table("What was measured", ["arm", what, took], rows, note)


def _format_cost(arm: ArmSummary, summary: Summary) -> str:
    if arm.status == "failed":
        return "failed"
    return Cell("baseline", 1.0) if arm.name == summary.baseline else units.ratio(arm.ratio)


def measured(summary: Summary) -> list[ArmSummary]:
    """The arms that ran. A run that stopped early may have planned more."""
    return [arm for arm in summary.arms if arm.status != "not run"]


def _format_log(value: Estimate | None) -> Cell:
    if value is None:
        return units.NOTHING
    half = "" if value.low is None or value.high is None else f" ± {rounding.logarithm((value.high - value.low) / 2)}"
    return units.signed(value.estimate, f"{rounding.logarithm(abs(value.estimate))}{half}")


def _format_seconds(value: Estimate | None) -> Cell:
    if value is None:
        return units.NOTHING
    half = "" if value.low is None or value.high is None else f" ± {units.seconds((value.high - value.low) / 2)}"
    return units.signed(value.estimate, f"{units.seconds(abs(value.estimate))}{half}")


def _format_bytes(value: float | None) -> Cell:
    return units.NOTHING if value is None else units.signed(value, units.size(abs(value)))


def _format_number(value: float | None) -> Cell:
    return units.NOTHING if value is None else units.signed(value, units.number(abs(value)))


def _format_percent(value: float | None) -> Cell:
    if value is None:
        return units.NOTHING
    return Cell(f"{'-' if value < 0 else ''}{units.percent(abs(value))}", value)

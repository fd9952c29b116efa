"""Which change earned what, as sentences and tables."""

from collections.abc import Iterator, Sequence

from harness.analysis.comparison.ablation import Attribution, Interaction, Share
from harness.analysis.comparison.losses import Relation
from harness.analysis.stats.estimates import Estimate
from harness.analysis.stats.ratios import Ratio
from harness.analysis.stats.verdicts import FASTER, SAME, SLOWER, UNSURE
from harness.report import units
from harness.report.sections import scopes
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Cell, Table

METHOD = (
    " What a change adds depends on which others are there already. Its share is what it adds to those before it, on"
    " the average over all orders in which they can be made (its Shapley value), so that the shares add up to the"
    " whole: log-ratios and seconds do, and the factors multiply to it. Each block yields shares of its own; their"
    " intervals are Student's t over blocks, and the verdicts on several changes are by Holm's procedure."
)
CROSSED = " Every block measured every set of changes."
BY_ORDERS = (
    " Of so many changes each block took one order, drawn by lot, and its reverse, and measured the sets of changes"
    " along these two; what depends on the order is in the intervals."
)


def method(summary: Summary) -> str:
    """What is to be said of shares, behind what is said of any comparison."""
    if summary.ablation is None:
        return ""
    return METHOD + (CROSSED if summary.ablation.crossed else BY_ORDERS)


def headline(summary: Summary) -> str:
    """What the changes earned, the whole first; empty where no block is whole."""
    found = summary.ablation
    whole, *parts = _earnings(found, summary.tolerance) if found else [""]
    return f"{whole}{': ' if parts else ''}{'; '.join(parts)}." if whole else ""


def findings(summary: Summary) -> list[str]:
    """What else there is to know about them."""
    found = summary.ablation
    return [*_together(found), *_not_the_same(found)] if found else []


def sentences(summary: Summary) -> Iterator[str]:
    """What is missing from it."""
    found = summary.ablation
    if found is None or not found.failed:
        return
    who = units.listed(found.failed)
    if not found.blocks:
        yield f"There are no shares of the changes: {who} failed, and without that no block is whole."
    else:
        blocks = units.many(found.blocks, "block")
        yield f"The shares are those of {blocks}, in which {who} did not fail or had no part."


def tables(summary: Summary) -> list[Table]:
    found = summary.ablation
    if found is None:
        return []
    return [
        *([_shares(summary, found)] if found.blocks else []),
        _beside_others(found),
        *([_interactions(found.interactions)] if found.interactions else []),
        _exactly(found),
        _cells(summary),
    ]


def _earnings(found: Attribution, tolerance: float) -> list[str]:
    """A clause on the whole, and one on each change or group of them; the largest share first."""
    if found.total.ratio is None:
        return [""]
    margin = units.percent(tolerance)
    whole = _compared(found, found.total, margin)
    if found.total.verdict is None:
        largest = max(found.changes, key=lambda share: abs(share.log_ratio.estimate) if share.log_ratio else 0.0)
        return [
            f"{whole}, by an estimate",
            f"the largest share is that of {_described(largest)}, {units.ratio(largest.ratio)}",
        ]
    earning = [share for share in found.changes if share.verdict in (FASTER, SLOWER)]
    earning.sort(key=lambda share: -abs(share.log_ratio.estimate) if share.log_ratio else 0.0)
    clauses = [whole, *(_earned(share, found.total) for share in earning)]
    same = [share.name for share in found.changes if share.verdict == SAME]
    if same:
        do, each = ("do", f"each within {margin}") if len(same) > 1 else ("does", f"within {margin}")
        clauses.append(f"{units.listed(same)} {do} nothing that matters ({each})")
    unsure = [f"{share.name} ({units.ratio(share.ratio)})" for share in found.changes if share.verdict == UNSURE]
    if unsure:
        clauses.append(f"{units.listed(unsure)} {'is' if len(unsure) == 1 else 'are'} unsure")
    return clauses


def _compared(found: Attribution, total: Share, margin: str) -> str:
    ratio = units.ratio(total.ratio)
    if total.verdict == SAME:
        return f"{found.goal} costs the same as {found.start}, within {margin}, {ratio}"
    if total.verdict == UNSURE:
        return f"Whether {found.goal} costs more or less than {found.start} is unsure, {ratio}"
    return f"{found.goal} costs {_times(total.ratio)} {found.start}"


def _times(ratio: Ratio | None) -> str:
    """A ratio as people say it: how many times less where it is far below 1."""
    assert ratio is not None
    if ratio.estimate > 0.5:
        return f"{units.ratio(ratio)} of"
    low, high = ratio.low, ratio.high
    inverse = Ratio(1 / ratio.estimate, 1 / high if high else None, 1 / low if low else None)
    return f"{units.ratio(inverse)} less than"


def _earned(share: Share, total: Share) -> str:
    """Its part is told where it works towards the whole: what works against it has no part in that."""
    verb, whole = ("earns", "gain") if share.verdict == FASTER else ("costs", "loss")
    part = f", {_percent(share.part)} of the {whole}" if share.part and share.verdict == total.verdict else ""
    return f"{_described(share)} {verb} {units.ratio(share.ratio)}{part}"


def _described(share: Share) -> str:
    return f"{share.name} ({share.text})"


def _together(found: Attribution) -> Iterator[str]:
    for one in found.interactions or ():
        how = "help each other" if one.log_ratio.estimate < 0 else "get in each other's way, or do the same work"
        yield f"{units.listed(one.changes)} {how}: {units.ratio(one.ratio)} beyond what each does without the other."


def _not_the_same(found: Attribution) -> Iterator[str]:
    """Changes that make it another training, which no figure of its cost shows."""
    for share in found.changes:
        if share.relation == Relation.OTHER_OBJECTIVE:
            yield f"{share.name} ({share.text}) does not minimise the same: {share.losses}."


def _shares(summary: Summary, found: Attribution) -> Table:
    judged, clear = found.total.verdict is not None, found.total.part is not None
    rows = [
        [
            share.name,
            units.ratio(share.ratio),
            *([share.verdict or units.NOTHING] if judged else []),
            _log(share.log_ratio),
            _seconds(share.seconds),
            *([_percent(share.part)] if clear else []),
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
    base = f", which takes {units.seconds(found.epoch_seconds)}" if found.epoch_seconds else ""
    note = (
        f"Of what {found.goal} costs relative to {found.start}, over the "
        f"{scopes.whole(summary)}; below 1 is faster. Shares multiply, logarithms add "
        f"up. An epoch: of the difference to one of {found.start}{base}, on the average.{interval}{same}"
    )
    if judged and not clear:
        note += " All together make no clear difference, so shares of it in percent would mean nothing."
    return Table(f"What each change earned, {found.start} -> {found.goal}", columns, rows, note)


def _beside_others(found: Attribution) -> Table:
    rows = [[share.name, share.text, units.ratio(share.alone), units.ratio(share.last)] for share in found.changes]
    columns = ["change", "", f"alone, on {found.start}", f"last, before {found.goal}"]
    note = (
        "The cost with it relative to the cost without it, while no other change has been made, and while all others "
        "have. Where the two differ, it depends on the others."
    )
    if not found.crossed:
        note += " Measured in the blocks in whose orders it comes first or last."
    return Table("Alone, and last", columns, rows, note, texts=2)


def _interactions(clear: Sequence[Interaction]) -> Table:
    rows = [[" and ".join(one.changes), units.ratio(one.ratio), _log(one.log_ratio)] for one in clear]
    note = "What two changes do together beyond what each does without the other; below 1, they help each other."
    return Table("Interactions", ["changes", "factor", "as a logarithm"], rows, note)


def _exactly(found: Attribution) -> Table:
    rows = [
        [
            share.name,
            _bytes(share.peak_rss_bytes),
            _bytes(share.peak_tensor_bytes),
            _number(share.traces),
            _number(share.retraces),
            share.losses or units.NOTHING,
        ]
        for share in [*found.changes, found.total]
    ]
    note = (
        "Shares of the difference, which add up, too: of peaks over all blocks, and of the tracings in one block's"
        f" epochs. Losses: of {found.start} with this change alone, beside its own from the same seed."
    )
    columns = ["change", "peak memory", "peak tensors", "traces", "retraces", "losses"]
    return Table("Memory, tracing, losses", columns, rows, note)


def _cells(summary: Summary) -> Table:
    rows = [[arm.name, _cost(arm, summary), units.projection(arm.total_time)] for arm in measured(summary)]
    what, took = scopes.columns(summary)
    note = f"With the changes named after a +, or all but those after a -; relative to {summary.baseline}."
    note = " ".join(filter(None, [note, units.explained(arm.total_time for arm in summary.arms)]))
    return Table("What was measured", ["arm", what, took], rows, note)


def _cost(arm: ArmSummary, summary: Summary) -> str:
    if arm.status == "failed":
        return "failed"
    return Cell("baseline", 1.0) if arm.name == summary.baseline else units.ratio(arm.ratio)


def measured(summary: Summary) -> list[ArmSummary]:
    """The arms that took part: a run that stopped early has planned for more."""
    return [arm for arm in summary.arms if arm.status != "not run"]


def _log(value: Estimate | None) -> Cell:
    if value is None:
        return units.NOTHING
    half = "" if value.low is None or value.high is None else f" ± {(value.high - value.low) / 2:.3f}"
    return Cell(f"{value.estimate:+.3f}{half}", value.estimate)


def _seconds(value: Estimate | None) -> Cell:
    if value is None:
        return units.NOTHING
    half = "" if value.low is None or value.high is None else f" ± {units.seconds((value.high - value.low) / 2)}"
    return units.signed(value.estimate, f"{units.seconds(abs(value.estimate))}{half}")


def _bytes(value: float | None) -> Cell:
    return units.NOTHING if value is None else units.signed(value, units.size(abs(value)))


def _number(value: float | None) -> Cell:
    return units.NOTHING if value is None else units.signed(value, units.number(abs(value)))


def _percent(value: float | None) -> Cell:
    if value is None:
        return units.NOTHING
    return Cell(f"{'-' if value < 0 else ''}{units.percent(abs(value))}", value)

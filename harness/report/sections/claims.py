"""Claims, and what the run says of them."""

from collections import Counter

from harness.analysis.metrics.claims import CONFIRMED, REFUTED, Checked
from harness.report import units
from harness.report.summary import Summary
from harness.report.table import Table


def sentence(summary: Summary) -> str | None:
    """How many claims hold."""
    if not summary.claims:
        return None
    counts = Counter(one.verdict for one in summary.claims)
    others = [verdict for verdict in counts if verdict not in (CONFIRMED, REFUTED)]
    parts = [f"{counts[verdict]} {verdict}" for verdict in (CONFIRMED, REFUTED, *others)]
    return f"Of {units.many(len(summary.claims), 'claim')}, {', '.join(parts)}."


def table(summary: Summary) -> Table | None:
    """A row a claim."""
    if not summary.claims:
        return None
    rows = [[one.claim.words, _asked(one), one.verdict, _figure(one)] for one in summary.claims]
    note = (
        "Confirmed: the whole interval is as claimed. Refuted: none of it is. What is counted, or known exactly, has no"
        " interval. Less and more are by a difference that matters, where the claim gives no factor."
    )
    return Table("Claims", ["claimed", "which is to say", "verdict", "found"], rows, note, texts=3)


def _asked(one: Checked) -> str:
    claim = one.claim
    what = f"{claim.arm} has "
    how = f"{claim.factor:g}x {claim.relation}" if claim.factor else claim.relation
    of = f"{claim.metric}{f' ({claim.kind})' if claim.kind else ''}"
    return f"{what}{how} {of} {'as' if claim.relation == 'same' else 'than'} {one.baseline}"


def _figure(one: Checked) -> str:
    if one.counts is not None:
        pair = f"{units.number(one.counts.baseline)} -> {units.number(one.counts.arm)}"
        return pair if one.ratio is None else f"{units.ratio(one.ratio)} ({pair})"
    figure = units.ratio(one.ratio) if one.ratio else ""
    return "; ".join(filter(None, [figure, one.why]))

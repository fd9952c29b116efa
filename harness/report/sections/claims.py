"""Claims, and whether the run confirms them."""

from collections import Counter

from harness import rounding
from harness.analysis.metrics.claims import CONFIRMED, REFUTED, Checked
from harness.plan.claims import ClaimRelation
from harness.report import units
from harness.report.summary import Summary
from harness.report.table import Table
from harness.report.wording import words
from harness.report.wording.claims import describe_claim


def sentence(summary: Summary) -> str | None:
    """How many claims were confirmed and refuted."""
    if not summary.claims:
        return None
    counts = Counter(one.verdict for one in summary.claims)
    others = [verdict for verdict in counts if verdict not in (CONFIRMED, REFUTED)]
    parts = [f"{counts[verdict]} {verdict}" for verdict in (CONFIRMED, REFUTED, *others)]
    return f"Of {words.many(len(summary.claims), 'claim')}, {', '.join(parts)}."


def table(summary: Summary) -> Table | None:
    """One row per claim."""
    if not summary.claims:
        return None
    rows = [[one.claim.words, _describe_test(one), one.verdict, _describe_finding(one)] for one in summary.claims]
    note = (
        "Confirmed: the whole interval agrees with the claim. Refuted: no part of it does. Exact counts have no"
        " interval. If a claim gives no factor, less and more mean a difference beyond the tolerance."
    )
    return Table("Claims", ["claim", "tested as", "verdict", "found"], rows, note, texts=3)


def _describe_test(one: Checked) -> str:
    claim = one.claim
    what = f"{claim.arm} has "
    how = f"{rounding.given(claim.factor)}x {claim.relation}" if claim.factor else claim.relation
    of = f"{claim.metric}{f' ({claim.kind})' if claim.kind else ''}"
    return f"{what}{how} {of} {'as' if claim.relation == ClaimRelation.SAME else 'than'} {one.baseline}"


def _describe_finding(one: Checked) -> str:
    if one.counts is not None:
        pair = f"{units.number(one.counts.baseline)} -> {units.number(one.counts.arm)}"
        return pair if one.ratio is None else f"{units.ratio(one.ratio)} ({pair})"
    figure = units.ratio(one.ratio) if one.ratio else ""
    return "; ".join(filter(None, [figure, describe_claim(one)]))

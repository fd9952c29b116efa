"""The share of each change in the difference between two variants: a waterfall chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp
from typing import Any

import altair as alt

from harness.analysis.stats.ratios import Ratio
from harness.report import units
from harness.report.charts.axes import ratio_axis
from harness.report.charts.figure import Figure
from harness.report.charts.rows import DRAWN, ROW, words, y
from harness.report.charts.selection import named
from harness.report.charts.ticks import domain
from harness.report.names import short, short_names

_WHAT = ["whole", "faster", "slower"]


@dataclass(frozen=True)
class Share:
    """One change's share as a logarithm of the cost: below 0 is faster. The ends are None without an interval."""

    change: str
    log: float
    low: float | None = None
    high: float | None = None


def waterfall(shares: Sequence[Share], start: str, end: str) -> Figure | None:
    """From `start`, whose cost is 1, to `end`. None if there is no change."""
    if not shares:
        return None
    places = [0.0, *accumulate(share.log for share in shares)]
    names = short_names([share.change for share in shares])
    bars = [_make_bar(share, names[share.change], before) for share, before in zip(shares, places, strict=False)]
    bars = [_make_end(start, 0.0, "from"), *bars, _make_end(end, places[-1], "to")]
    ends = [value for bar in bars for value in (bar["low"], bar["high"]) if value is not None]
    low, high = domain(ends, [exp(place) for place in places])
    for number, bar in enumerate(bars):
        bar["row"] = number
        bar["low"], bar["high"] = (
            None if end is None else min(max(end, low), high) for end in (bar["low"], bar["high"])
        )
    x = ratio_axis("cost", low, high, start)
    drawn = alt.Chart(named("bars")).encode(
        y=y(),
        tooltip=["change:N", alt.Tooltip("result:N", title="cost")],
    )
    changes = drawn.transform_filter("datum.what !== 'whole'")
    wholes = drawn.transform_filter("datum.what === 'whole'")
    steps = alt.Chart(named("steps")).mark_line(style="rule", strokeDash=[3, 3], yOffset=DRAWN)
    colours = alt.Color("what:N", scale=alt.Scale(domain=_WHAT[1:]), legend=None)
    chart = alt.layer(
        steps.encode(x=x, y=y(), detail="step:N"),
        changes.mark_bar(size=15, yOffset=DRAWN).encode(x=x, x2="before:Q", color=colours),
        changes.mark_rule(style="whisker", yOffset=DRAWN).encode(x=alt.X("low:Q"), x2="high:Q"),
        wholes.mark_tick(style="ink", thickness=4, size=20, yOffset=DRAWN).encode(x=x),
        *words(drawn),
    ).properties(height=ROW * len(bars))
    says = "Each change's share, averaged over all orders in which the changes can be made. Left is faster."
    if ends:
        says += " Lines are intervals."
    title = f"Effect of each change, from {short(start)} to {short(end)}"
    return Figure.of("waterfall", title, says, chart, bars=bars, steps=_make_steps(bars))


def _make_bar(share: Share, name: str, before: float) -> dict[str, Any]:
    """A change's bar starts where the one before it ended; its interval is drawn around its end."""
    ends = (share.low, share.high) if share.low is not None and share.high is not None else (None, None)
    factor = Ratio(exp(share.log), *(None if end is None else exp(end) for end in ends))
    return {
        "change": share.change,
        "name": name,
        "before": exp(before),
        "cost": exp(before + share.log),
        "low": None if ends[0] is None else exp(before + ends[0]),
        "high": None if ends[1] is None else exp(before + ends[1]),
        "result": units.ratio(factor),
        "what": "faster" if share.log < 0 else "slower",
    }


def _make_end(name: str, place: float, which: str) -> dict[str, Any]:
    """The mark of the variant at either end."""
    result = f"{which}, {units.ratio(Ratio(exp(place)))}"
    return {
        "change": name,
        "name": short(name),
        "before": 1.0,
        "cost": exp(place),
        "low": None,
        "high": None,
        "result": result,
        "what": "whole",
    }


def _make_steps(bars: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines from the end of each bar down to the beginning of the next."""
    return [
        {"step": number, "row": row, "cost": bars[number]["cost"]}
        for number in range(len(bars) - 1)
        for row in (number, number + 1)
    ]

"""What each change earned, on the way from one recipe to another: a waterfall."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp
from typing import Any

import altair as alt

from harness.analysis.stats.ratios import Ratio
from harness.report import units
from harness.report.charts.axes import relative
from harness.report.charts.figure import Figure, named
from harness.report.charts.rows import DRAWN, ROW, words, y
from harness.report.charts.ticks import domain
from harness.report.names import short, short_names

_WHAT = ["whole", "faster", "slower"]


@dataclass(frozen=True)
class Share:
    """What one change earned, in logarithms of the cost: below 0 is faster. The ends are None without an interval."""

    change: str
    log: float
    low: float | None = None
    high: float | None = None


def waterfall(shares: Sequence[Share], start: str, end: str) -> Figure | None:
    """From `start`, whose cost is 1, to `end`; None without any change."""
    if not shares:
        return None
    places = [0.0, *accumulate(share.log for share in shares)]
    names = short_names([share.change for share in shares])
    bars = [_bar(share, names[share.change], before) for share, before in zip(shares, places, strict=False)]
    bars = [_whole(start, 0.0, "from"), *bars, _whole(end, places[-1], "to")]
    ends = [value for bar in bars for value in (bar["low"], bar["high"]) if value is not None]
    low, high = domain(ends, [exp(place) for place in places])
    for number, bar in enumerate(bars):
        bar["row"] = number
        bar["low"], bar["high"] = (
            None if end is None else min(max(end, low), high) for end in (bar["low"], bar["high"])
        )
    x = relative("cost", low, high, start)
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
    says = "Each change's share of the way, averaged over the orders in which they can be made; to the left is faster."
    if ends:
        says += " Lines are intervals."
    title = f"What each change earned, from {short(start)} to {short(end)}"
    return Figure.of("waterfall", title, says, chart, bars=bars, steps=_steps(bars))


def _bar(share: Share, name: str, before: float) -> dict[str, Any]:
    """A change's bar goes from where the one before ended to where this one ends, and its interval is around that."""
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


def _whole(name: str, place: float, which: str) -> dict[str, Any]:
    """The recipe at either end."""
    said = f"{which}, {units.ratio(Ratio(exp(place)))}"
    return {
        "change": name,
        "name": short(name),
        "before": 1.0,
        "cost": exp(place),
        "low": None,
        "high": None,
        "result": said,
        "what": "whole",
    }


def _steps(bars: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where each bar ends and the next one begins: a line down from one to the other."""
    return [
        {"step": number, "row": row, "cost": bars[number]["cost"]}
        for number in range(len(bars) - 1)
        for row in (number, number + 1)
    ]

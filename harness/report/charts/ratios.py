"""The cost of each arm relative to the baseline, with its interval: a forest plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from harness.analysis.stats.ratios import Ratio
from harness.analysis.stats.verdicts import FASTER, SAME, SLOWER, UNSURE
from harness.report import units
from harness.report.charts.axes import ratio_axis
from harness.report.charts.figure import Figure
from harness.report.charts.rows import DRAWN, ROW, words, y
from harness.report.charts.selection import named, pick, picked
from harness.report.charts.ticks import domain
from harness.report.names import short_names

_VERDICTS = [FASTER, SLOWER, SAME, UNSURE, "baseline", "no verdict"]
_SHAPES = ["triangle-left", "triangle-right", "circle", "cross", "diamond", "square"]


@dataclass(frozen=True)
class Row:
    """One arm of the chart."""

    arm: str
    ratio: Ratio | None
    """None for the baseline, which is drawn at 1, and for arms without a ratio."""
    verdict: str | None
    status: str = "ok"
    baseline: bool = False


def ratios(rows: Sequence[Row], baseline: str, what: str, tolerance: float) -> Figure | None:
    """A chart whose caption begins with `what` the cost is of. None if no arm has a ratio."""
    found = [row.ratio for row in rows if row.ratio]
    if not found:
        return None
    margins = (1 / (1 + tolerance), 1 + tolerance)
    ends = [end for ratio in found for end in (ratio.low, ratio.high) if end is not None]
    low, high = domain(ends, [*(ratio.estimate for ratio in found), margins[0] / 1.005, margins[1] * 1.005])
    names = short_names([row.arm for row in rows])
    values = [{"row": place} | _make_values(row, names[row.arm], low, high) for place, row in enumerate(rows)]
    x = ratio_axis("ratio", low, high, baseline)
    band = alt.Chart(named("band")).mark_rect(style="band", clip=True)
    one = alt.Chart(named("one")).mark_rule(style="rule")
    arms = alt.Chart(named("arms")).encode(
        y=y(),
        opacity=picked(),
        tooltip=[alt.Tooltip("arm:N"), alt.Tooltip("result:N", title="cost"), alt.Tooltip("ended:N", title="status")],
    )
    chart = alt.layer(
        band.encode(x=x, x2="to:Q"),
        one.encode(x=x),
        arms.mark_rule(style="whisker", yOffset=DRAWN).encode(x=alt.X("low:Q"), x2="high:Q"),
        arms.mark_point(filled=True, size=120, yOffset=DRAWN).encode(
            x=x,
            shape=alt.Shape("verdict:N", scale=alt.Scale(domain=_VERDICTS, range=_SHAPES), legend=None),
            color=alt.Color("verdict:N", scale=alt.Scale(domain=_VERDICTS), legend=None),
        ),
        *words(arms),
    ).properties(height=ROW * len(rows))
    says = f"{what}, below 1 is faster. The band is the tolerance, {units.percent(tolerance)}."
    if ends:
        says += " Lines are intervals over blocks."
    return Figure.of(
        "ratios",
        f"Cost relative to {names[baseline]}",
        says,
        chart.add_params(pick()),
        arms=values,
        band=[{"ratio": margins[0], "to": margins[1]}],
        one=[{"ratio": 1.0}],
    )


def _make_values(row: Row, name: str, low: float, high: float) -> dict[str, Any]:
    """The data of one arm. An interval that reaches beyond the axis is cut off where the axis ends."""
    ratio = Ratio(1.0) if row.baseline else row.ratio
    ends = (max(ratio.low, low), min(ratio.high, high)) if ratio and ratio.low and ratio.high else (None, None)
    return {
        "arm": row.arm,
        "name": name,
        "ratio": ratio.estimate if ratio else None,
        "low": ends[0],
        "high": ends[1],
        "verdict": "baseline" if row.baseline else row.verdict or "no verdict",
        "result": _format_result(row),
        "ended": row.status,
    }


def _format_result(row: Row) -> str:
    ran = [] if row.status == "ok" else [row.status]
    if row.baseline:
        return ", ".join(["baseline", *ran])
    return ", ".join([*([units.ratio(row.ratio)] if row.ratio else []), *([row.verdict] if row.verdict else []), *ran])

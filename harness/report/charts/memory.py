"""The resident memory of a profile's process over time."""

from collections.abc import Sequence

import altair as alt

from harness.analysis.profile.rss_samples import Sample
from harness.report import units
from harness.report.charts.figure import Figure
from harness.report.charts.selection import named
from harness.report.names import short

MOST = 600
"""Points of the line. With more samples, the highest of neighbouring ones is drawn, so that no peak is lost."""


def memory(samples: Sequence[Sample], arm: str) -> Figure | None:
    """None if there are fewer than two samples."""
    if len(samples) < 2:
        return None
    each = -(-len(samples) // MOST)
    kept = [max(samples[start : start + each], key=lambda one: one.bytes) for start in range(0, len(samples), each)]
    peak = max(kept, key=lambda one: one.bytes)
    unit, size = ("GB", 1e9) if peak.bytes >= 1e9 else ("MB", 1e6)
    x = alt.X(
        "seconds:Q", axis=alt.Axis(title="s since the pass began", grid=False, tickCount=6), scale=alt.Scale(nice=False)
    )
    y = alt.Y("memory:Q", axis=alt.Axis(title=f"{unit} of resident memory", tickCount=5), scale=alt.Scale(zero=True))
    line = alt.Chart(named("samples")).encode(x=x, y=y)
    top = alt.Chart(named("peak")).encode(x=x, y=y)
    right = peak.seconds > 0.75 * kept[-1].seconds
    chart = alt.layer(
        line.mark_area(style="area", line=False),
        line.mark_line(style="thick", strokeWidth=1.6),
        top.mark_point(style="ring", shape="circle", size=90),
        top.mark_text(style="words", align="right" if right else "left", dx=-8 if right else 8, dy=-8).encode(
            text="says:N"
        ),
    ).properties(height=240)
    says = "The whole process, sampled from outside during the pass that watched memory. Ring: the highest sample."
    return Figure.of(
        "memory",
        f"Memory of {short(arm)} over time",
        says,
        chart,
        samples=[{"seconds": one.seconds, "memory": one.bytes / size} for one in kept],
        peak=[{"seconds": peak.seconds, "memory": peak.bytes / size, "says": units.size(peak.bytes)}],
    )

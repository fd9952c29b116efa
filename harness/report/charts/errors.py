"""What trainings come to over their epochs and over their seconds: a panel an arm, the other arms behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import altair as alt

from harness.analysis.training.convergence import Standing
from harness.analysis.training.curves import Training
from harness.report import units
from harness.report.charts.axes import counting, lasting, measuring, unit_of_seconds, wide
from harness.report.charts.figure import Figure, named, pick, picked
from harness.report.charts.panels import panels
from harness.report.names import short, short_names

_SAYS = "A thin line a seed, the thick one their geometric mean; in grey the other arms."


@dataclass(frozen=True)
class Curve:
    """One arm's trainings."""

    arm: str
    trainings: Sequence[Training]
    """A thin line each."""
    mean: Sequence[Standing]
    """The thick one: the geometric mean over the seeds."""


@dataclass(frozen=True)
class Yardstick:
    """A horizontal line to hold trainings against."""

    name: str
    value: float


def errors(curves: Sequence[Curve], metric: str, yardsticks: Sequence[Yardstick]) -> list[Figure]:
    """Against epochs, and against seconds; none where no evaluation has the metric."""
    points = [point for curve in curves for point in _points(curve, metric)]
    levels = [*(point["value"] for point in points), *(one.value for one in yardsticks)]
    points = [point for point in points if point["value"] > 0] if wide(levels) else points
    if not points:
        return []
    names = short_names([curve.arm for curve in curves], most=40)
    took = [max(point["seconds"] for point in points if point["arm"] == arm) for arm in {one["arm"] for one in points}]
    unit, factor = unit_of_seconds(median(took))
    panel = {arm: {"panel": name, "place": place} for place, (arm, name) in enumerate(names.items())}
    points = [point | panel[point["arm"]] | {"time": point["seconds"] * factor} for point in points]
    timed = [point for point in points if point["time"]] if wide(took) else points
    x = lasting("time", took, f"{unit} of training", [point["time"] for point in timed])
    y = measuring("value", levels, short(metric, 24))
    rules = [{"value": one.value, "says": one.name} for one in yardsticks]
    drawn = {"epochs": (counting("epochs", "epochs"), points), "time": (x, timed)}
    return [
        Figure.of(
            f"error-by-{over}",
            f"{short(metric)} against {over}",
            f"{short(metric)}, lower is better. {_SAYS}",
            _chart(axis, y, len(names)),
            points=shown,
            means=[point for point in shown if point["line"] == "mean"],
            rules=rules,
        )
        for over, (axis, shown) in drawn.items()
    ]


def _chart(x: alt.X, y: alt.Y, arms: int) -> alt.FacetChart:
    lines = alt.Chart().encode(
        x=x,
        y=y,
        detail="line:N",
        opacity=picked(),
        tooltip=["arm:N", "line:N", "epochs:Q", "took:N", alt.Tooltip("value:Q", format=".3~g")],
    )
    ruled = alt.Chart(named("rules")).encode(y=y)
    label = ruled.encode(x=alt.value(4), text="says:N")
    layers = [
        alt.Chart(named("means")).mark_line(style="context").encode(x=x, y=y, detail="arm:N"),
        lines.mark_line(style="thin").transform_filter("datum.line !== 'mean'"),
        lines.mark_line(style="thick", point={"size": 18}).transform_filter("datum.line === 'mean'"),
        ruled.mark_rule(style="rule", strokeDash=[5, 3]),
        *(label.mark_text(style=one, align="left", baseline="bottom", dy=-3) for one in ("behind-words", "words")),
    ]
    return panels(layers, arms, height=230 if arms < 3 else 170).add_params(pick())


def _points(curve: Curve, metric: str) -> list[dict[str, Any]]:
    """Of every line of an arm's; what is not finite is left out of it."""
    seeds = [
        _point(curve.arm, f"seed {training.seed}", point.epochs, point.seconds, point.metrics.get(metric))
        for training in curve.trainings
        for point in training.checkpoints
    ]
    means = [
        _point(curve.arm, "mean", at.epochs, at.seconds, middle.estimate)
        for at in curve.mean
        if (found := at.metrics.get(metric)) and (middle := found.geometric_mean)
    ]
    return [point for point in [*seeds, *means] if point["value"] is not None]


def _point(arm: str, line: str, epochs: int, seconds: float, value: float | None) -> dict[str, Any]:
    took = units.seconds(seconds) if seconds else "0 s"
    return {"arm": arm, "line": line, "epochs": epochs, "seconds": seconds, "value": value, "took": took}

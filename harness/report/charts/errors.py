"""A metric over epochs and over seconds of training: one panel per arm, the other arms in grey behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import altair as alt

from harness.analysis.training.convergence import Standing
from harness.analysis.training.curves import Training
from harness.report import units
from harness.report.charts.axes import count_axis, quantity_axis, range_widely, time_axis, unit_of_seconds
from harness.report.charts.figure import Figure
from harness.report.charts.panels import panels
from harness.report.charts.selection import named, pick, picked
from harness.report.names import short, short_names

_SAYS = "Thin lines: one per seed. Thick line: their geometric mean. Grey: the other arms."


@dataclass(frozen=True)
class Curve:
    """One arm's trainings."""

    arm: str
    trainings: Sequence[Training]
    """Each is drawn as a thin line."""
    mean: Sequence[Standing]
    """The geometric mean over the seeds, drawn as a thick line."""


@dataclass(frozen=True)
class Yardstick:
    """A horizontal line to compare trainings with."""

    name: str
    value: float


def errors(curves: Sequence[Curve], metric: str, yardsticks: Sequence[Yardstick]) -> list[Figure]:
    """One chart over epochs and one over seconds. Empty if no evaluation has the metric."""
    points = [point for curve in curves for point in _make_points(curve, metric)]
    levels = [*(point["value"] for point in points), *(one.value for one in yardsticks)]
    points = [point for point in points if point["value"] > 0] if range_widely(levels) else points
    if not points:
        return []
    names = short_names([curve.arm for curve in curves], most=40)
    took = [max(point["seconds"] for point in points if point["arm"] == arm) for arm in {one["arm"] for one in points}]
    unit, factor = unit_of_seconds(median(took))
    panel = {arm: {"panel": name, "place": place} for place, (arm, name) in enumerate(names.items())}
    points = [point | panel[point["arm"]] | {"time": point["seconds"] * factor} for point in points]
    timed = [point for point in points if point["time"]] if range_widely(took) else points
    x = time_axis("time", took, f"{unit} of training", [point["time"] for point in timed])
    y = quantity_axis("value", levels, short(metric, 24))
    rules = [{"value": one.value, "says": one.name} for one in yardsticks]
    drawn = {"epochs": (count_axis("epochs", "epochs"), points), "time": (x, timed)}
    return [
        Figure.of(
            f"error-by-{over}",
            f"{short(metric)} against {over}",
            f"{short(metric)}, lower is better. {_SAYS}",
            _make_chart(axis, y, len(names)),
            points=shown,
            means=[point for point in shown if point["line"] == "mean"],
            rules=rules,
        )
        for over, (axis, shown) in drawn.items()
    ]


def _make_chart(x: alt.X, y: alt.Y, arms: int) -> alt.FacetChart:
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


def _make_points(curve: Curve, metric: str) -> list[dict[str, Any]]:
    """The points of every line of an arm. Values that are not finite are left out."""
    seeds = [
        _make_point(curve.arm, f"seed {training.seed}", point.epochs, point.seconds, point.metrics.get(metric))
        for training in curve.trainings
        for point in training.checkpoints
    ]
    means = [
        _make_point(curve.arm, "mean", at.epochs, at.seconds, middle.estimate)
        for at in curve.mean
        if (found := at.metrics.get(metric)) and (middle := found.geometric_mean)
    ]
    return [point for point in [*seeds, *means] if point["value"] is not None]


def _make_point(arm: str, line: str, epochs: int, seconds: float, value: float | None) -> dict[str, Any]:
    took = units.seconds(seconds) if seconds else "0 s"
    return {"arm": arm, "line": line, "epochs": epochs, "seconds": seconds, "value": value, "took": took}

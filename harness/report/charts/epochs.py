"""What each epoch took, by its index: kinds told apart, and the epochs that traced ringed."""

from collections.abc import Collection
from typing import Any

import altair as alt
import pandas as pd

from harness.analysis.epochs import table as epoch_table
from harness.record.lines import Lines
from harness.report import units
from harness.report.charts.axes import counting, measuring, unit_of_seconds
from harness.report.charts.figure import Figure, pick, picked
from harness.report.charts.panels import panels
from harness.report.charts.theme import SHAPES
from harness.report.names import short_names

MOST = 150
"""Points an arm of epochs that did not trace; where there are more epochs, each stands for several."""
MOST_RINGED = 80
"""Of the others, those that took the longest."""


def epochs(record: Lines, arms: Collection[str] = ()) -> Figure | None:
    """A panel for each of these arms (none: all that train); None where no epoch was measured."""
    table = epoch_table.table(record)
    table = table[table["arm"].isin(arms) if arms else ~table["arm"].isin(record.plan.references)]
    if table.empty:
        return None
    points = pd.concat([_points(own) for _, own in table.groupby("arm", sort=False)], ignore_index=True)
    labels = [arm.label for arm in record.plan.arms if arm.label in set(points["arm"])]
    names, kinds = short_names(labels, most=40), list(dict.fromkeys(table["kind"]))
    unit, factor = unit_of_seconds(points["wall"].median())
    panel: dict[str, dict[str, Any]] = {
        label: {"panel": names[label], "place": place} for place, label in enumerate(labels)
    }
    values = [panel[row.arm] | _values(row, factor) for row in points.itertuples(index=False)]
    drawn = alt.Chart().encode(
        x=counting("index", "epoch"),
        y=measuring("value", [value["value"] for value in values], f"{unit} an epoch"),
        opacity=picked(),
        tooltip=["arm:N", "kind:N", alt.Tooltip("index:Q", title="epoch"), "took:N", "traced:N", "stands:N"],
    )
    legend = alt.Legend(title=None, columns=4 if max(map(len, kinds)) <= 10 else 1, labelLimit=280)
    steady = drawn.mark_point(filled=True, size=28, aria=False).encode(
        color=alt.Color("kind:N", scale=alt.Scale(domain=kinds), legend=legend),
        shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=_shapes(len(kinds))), legend=legend),
    )
    ringed = drawn.mark_point(style="ring", shape="circle", size=140, aria=False)
    layers = [steady, ringed.transform_filter("datum.traced === 'yes'")]
    chart = panels(layers, len(labels), height=210 if len(labels) < 3 else 130)
    says = "Ringed: the first epoch of its kind, and any in which something was traced."
    if any(row.epochs > 1 for row in points.itertuples()):
        says += f" The others are medians of neighbours, at most {MOST} an arm."
    return Figure.of("epochs", "Time of an epoch, by its index", says, chart.add_params(pick()), points=values)


def _points(own: pd.DataFrame) -> pd.DataFrame:
    """One arm's: the epochs that traced one by one, of the others medians of neighbours where they are many."""
    ringed = own[(own["traces"] > 0) | own["first"]].nlargest(MOST_RINGED, "wall").assign(epochs=1, traced="yes")
    others = own[(own["traces"] == 0) & ~own["first"]].sort_values(["block", "kind", "index"])
    each = -(-len(others) // MOST) or 1
    groups = others.groupby(["arm", "block", "kind", others.groupby(["block", "kind"]).cumcount() // each], sort=False)
    medians = groups.agg(index=("index", "median"), wall=("wall", "median"), epochs=("wall", "size")).reset_index()
    columns = ["arm", "kind", "index", "wall", "epochs", "traced"]
    return pd.concat([medians.assign(traced="no")[columns], ringed[columns]])


def _values(row: Any, factor: float) -> dict[str, Any]:
    return {
        "arm": row.arm,
        "kind": row.kind,
        "index": float(row.index),
        "value": float(row.wall) * factor,
        "took": units.seconds(row.wall),
        "traced": row.traced,
        "stands": "one epoch" if row.epochs == 1 else f"median of {row.epochs}",
    }


def _shapes(number: int) -> list[str]:
    return [SHAPES[place % len(SHAPES)] for place in range(number)]

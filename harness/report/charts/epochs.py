"""The time of each epoch by its index: one mark per kind, and rings around epochs that traced."""

from collections.abc import Collection
from typing import Any

import altair as alt
import pandas as pd

from harness.analysis.epochs import table as epoch_table
from harness.record.lines import Lines
from harness.report import units
from harness.report.charts.axes import count_axis, quantity_axis, unit_of_seconds
from harness.report.charts.figure import Figure
from harness.report.charts.panels import panels
from harness.report.charts.selection import pick, picked
from harness.report.charts.theme import SHAPES
from harness.report.names import short_names

MOST = 150
"""Points per arm for epochs that did not trace. With more epochs, one point represents several."""
MOST_RINGED = 80
"""Ringed points per arm: the slowest of the epochs that traced."""


def epochs(record: Lines, arms: Collection[str] = ()) -> Figure | None:
    """One panel for each of these arms, or for all that train. None if no epoch was measured."""
    table = epoch_table.table(record)
    table = table[table["arm"].isin(arms) if arms else ~table["arm"].isin(record.plan.references)]
    if table.empty:
        return None
    points = pd.concat([_make_points(own) for _, own in table.groupby("arm", sort=False)], ignore_index=True)
    labels = [arm.label for arm in record.arms if arm.label in set(points["arm"])]
    names, kinds = short_names(labels, most=40), list(dict.fromkeys(table["kind"]))
    unit, factor = unit_of_seconds(points["wall"].median())
    panel: dict[str, dict[str, Any]] = {
        label: {"panel": names[label], "place": place} for place, label in enumerate(labels)
    }
    values = [panel[row.arm] | _make_values(row, factor) for row in points.itertuples(index=False)]
    drawn = alt.Chart().encode(
        x=count_axis("index", "epoch"),
        y=quantity_axis("value", [value["value"] for value in values], f"{unit} per epoch"),
        opacity=picked(),
        tooltip=["arm:N", "kind:N", alt.Tooltip("index:Q", title="epoch"), "took:N", "traced:N", "represents:N"],
    )
    legend = alt.Legend(title=None, columns=4 if max(map(len, kinds)) <= 10 else 1, labelLimit=280)
    steady = drawn.mark_point(filled=True, size=28, aria=False).encode(
        color=alt.Color("kind:N", scale=alt.Scale(domain=kinds), legend=legend),
        shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=_choose_shapes(len(kinds))), legend=legend),
    )
    ringed = drawn.mark_point(style="ring", shape="circle", size=140, aria=False)
    layers = [steady, ringed.transform_filter("datum.traced === 'yes'")]
    chart = panels(layers, len(labels), height=210 if len(labels) < 3 else 130)
    says = "Rings: the first epoch of each kind, and every epoch that traced."
    if any(row.epochs > 1 for row in points.itertuples()):
        says += f" The other points are medians of neighbouring epochs, at most {MOST} per arm."
    return Figure.of("epochs", "Time of an epoch, by its index", says, chart.add_params(pick()), points=values)


def _make_points(own: pd.DataFrame) -> pd.DataFrame:
    """The points of one arm: each epoch that traced, and medians of neighbouring epochs for the others."""
    ringed = own[(own["traces"] > 0) | own["first"]].nlargest(MOST_RINGED, "wall").assign(epochs=1, traced="yes")
    others = own[(own["traces"] == 0) & ~own["first"]].sort_values(["block", "kind", "index"])
    each = -(-len(others) // MOST) or 1
    groups = others.groupby(["arm", "block", "kind", others.groupby(["block", "kind"]).cumcount() // each], sort=False)
    medians = groups.agg(index=("index", "median"), wall=("wall", "median"), epochs=("wall", "size")).reset_index()
    columns = ["arm", "kind", "index", "wall", "epochs", "traced"]
    return pd.concat([medians.assign(traced="no")[columns], ringed[columns]])


def _make_values(row: Any, factor: float) -> dict[str, Any]:
    return {
        "arm": row.arm,
        "kind": row.kind,
        "index": float(row.index),
        "value": float(row.wall) * factor,
        "took": units.seconds(row.wall),
        "traced": row.traced,
        "represents": "one epoch" if row.epochs == 1 else f"median of {row.epochs}",
    }


def _choose_shapes(number: int) -> list[str]:
    return [SHAPES[place % len(SHAPES)] for place in range(number)]

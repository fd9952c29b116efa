"""A panel for each arm, all with the same axes: eleven arms stay apart where eleven colours would not."""

from collections.abc import Sequence

import altair as alt

from harness.report.charts.figure import AXIS, PANELS_FROM, named

GAP = 26
"""Pixels between two panels."""


def panels(layers: Sequence[alt.Chart], number: int, height: int) -> alt.FacetChart:
    """`layers` over each other, in so many panels: those which the data named "points" have in their field `panel`, in
    the order of their field `place`."""
    order = alt.EncodingSortField(field="place", op="min", order="ascending")
    return (
        alt.layer(*layers)
        .properties(height=height)
        .facet(
            facet=alt.Facet("panel:N", sort=order, header=alt.Header(title=None, labelLimit=300)),
            data=named("points"),
            columns=2,
            spacing=GAP,
            usermeta={"panels": number},
        )
    )


def widths(panels: int, width: int) -> tuple[int, int]:
    """How many columns panels have, and how wide each is, in so many pixels; the page does likewise."""
    columns = 2 if panels > 1 and width >= PANELS_FROM else 1
    return columns, (width - AXIS - GAP * (columns - 1)) // columns

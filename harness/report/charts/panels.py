"""One panel per arm, all with the same axes: eleven arms can be told apart, eleven colours could not."""

from collections.abc import Sequence

import altair as alt

from harness.report.charts.figure import AXIS, GAP, PANELS_FROM
from harness.report.charts.selection import named


def panels(layers: Sequence[alt.Chart], number: int, height: int) -> alt.FacetChart:
    """`layers` on top of each other in `number` panels.

    The data named "points" names the panel in its field `panel` and gives the order of panels in its field `place`.
    """
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
    """The number of columns and the width of a panel in `width` pixels. The page computes the same in JavaScript."""
    columns = 2 if panels > 1 and width >= PANELS_FROM else 1
    return columns, (width - AXIS - GAP * (columns - 1)) // columns

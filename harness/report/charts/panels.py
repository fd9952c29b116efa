"""A panel for each arm, all with the same axes: eleven arms stay apart where eleven colours would not."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from harness.report.charts.figure import AXIS, PANELS_FROM, inline

GAP = 26
"""Pixels between two panels."""


def panels(
    layers: Sequence[alt.Chart], values: Sequence[Mapping[str, Any]], names: Sequence[str], height: int
) -> alt.FacetChart:
    """`layers` over each other, of the `values` whose field `panel` is each of `names`, in that order."""
    header = alt.Header(title=None, labelLimit=300)
    return (
        alt.layer(*layers)
        .properties(height=height)
        .facet(
            facet=alt.Facet("panel:N", sort=list(names), header=header),
            data=inline(values),
            columns=2,
            spacing=GAP,
            usermeta={"panels": len(names)},
        )
    )


def widths(panels: int, width: int) -> tuple[int, int]:
    """How many columns panels have, and how wide each is, in so many pixels; the page does likewise."""
    columns = 2 if panels > 1 and width >= PANELS_FROM else 1
    return columns, (width - AXIS - GAP * (columns - 1)) // columns

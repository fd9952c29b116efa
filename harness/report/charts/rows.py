"""Rows of text with a drawing below: names need no margin, so they fit into narrow pages."""

import altair as alt

ROW = 60
"""Height of a row in pixels."""
_NAME, _RESULT = -20, -4
DRAWN = 14
"""Pixels from the middle of a row down to its drawing; the two before are those of its lines of text."""


def y() -> alt.Y:
    """The vertical position, by the number in the data field `row`."""
    return alt.Y("row:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))


def words(chart: alt.Chart) -> list[alt.Chart]:
    """The data fields `name` and `result` as text, in front of lines that cross them."""
    return [
        chart.mark_text(style=f"{behind}{style}", align="left", dy=dy).encode(x=alt.value(0), text=f"{field}:N")
        for behind in ("behind-", "")
        for style, field, dy in (("name", "name", _NAME), ("words", "result", _RESULT))
    ]

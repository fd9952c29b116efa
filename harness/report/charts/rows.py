"""Rows of words with something drawn below them: names need no margin, so they fit where there is little width."""

import altair as alt

ROW = 60
"""Pixels of a row."""
_NAME, _RESULT = -20, -4
DRAWN = 14
"""Pixels from the middle of a row to each of its lines; the last is where something is drawn."""


def y() -> alt.Y:
    """Of the data's field `row`, a number."""
    return alt.Y("row:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))


def words(chart: alt.Chart) -> list[alt.Chart]:
    """The data's fields `name` and `result`, before whatever lines cross them."""
    return [
        chart.mark_text(style=f"{behind}{style}", align="left", dy=dy).encode(x=alt.value(0), text=f"{field}:N")
        for behind in ("behind-", "")
        for style, field, dy in (("name", "name", _NAME), ("words", "result", _RESULT))
    ]

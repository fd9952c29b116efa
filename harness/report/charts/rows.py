"""Rows of words with something drawn below them: names need no margin, so they fit where there is little width."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

SHORT_NAME = 16
"""Characters of a name beside which there is room for a result, on a telephone too."""


@dataclass(frozen=True)
class Layout:
    """Pixels of a row, and from its middle to each of its lines."""

    row: int
    name: int
    result: int
    drawn: int
    stacked: bool
    """Whether the result has a line of its own, because of a long name."""

    @classmethod
    def of(cls, names: Sequence[str]) -> "Layout":
        if max(map(len, names)) > SHORT_NAME:
            return cls(66, -22, -5, 14, True)
        return cls(52, -12, -12, 8, False)

    @property
    def y(self) -> alt.Y:
        """Of the data's field `row`, a number."""
        return alt.Y("row:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))

    def words(self, chart: alt.Chart) -> list[alt.Chart]:
        """The data's fields `name` and `result`, before whatever lines cross them."""
        at = alt.value(0) if self.stacked else alt.value("width")
        layers = []
        for behind in ("behind-", ""):
            name = chart.mark_text(style=f"{behind}name", align="left", dy=self.name)
            result = chart.mark_text(style=f"{behind}words", align="left" if self.stacked else "right", dy=self.result)
            layers += [name.encode(x=alt.value(0), text="name:N"), result.encode(x=at, text="result:N")]
        return layers

"""A chart: its Vega-Lite definition without theme and width, its title and its caption."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt  # an extra: a page without charts needs the sizes below, but not Altair

WIDTH = 760
"""Width in pixels of a picture for the Markdown report."""
PANELS_FROM = 640
"""Width in pixels from which on panels are laid out in two columns."""
GAP = 26
"""Pixels between two panels."""
AXIS = 74
"""Pixels for a panel's axis and its title on the left, and for the margin around all panels."""


@dataclass(frozen=True)
class Figure:
    """One chart."""

    name: str
    """The name of its file, without extension."""
    title: str
    says: str
    """How to read it."""
    spec: dict[str, Any]
    """Vega-Lite, without width, title and theme."""

    @classmethod
    def of(
        cls, name: str, title: str, says: str, chart: "alt.TopLevelMixin", **data: Iterable[Mapping[str, Any]]
    ) -> "Figure":
        """A chart over named data. Names that users chose are only ever data, never part of an expression."""
        spec: dict[str, Any] = chart.to_dict()
        spec.pop("config", None)  # Altair's default; the theme is added later
        spec["description"] = f"{title}. {says}"
        spec["datasets"] = {key: [dict(value) for value in values] for key, values in data.items()}
        return cls(name, title, says, spec)

    @property
    def panels(self) -> int:
        """The number of panels; 0 for a chart without panels."""
        return int(self.spec.get("usermeta", {}).get("panels", 0))

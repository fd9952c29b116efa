"""A chart: its Vega-Lite definition without theme and width, its title and its caption."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt

PICKED = "picked"
"""The chart parameter that names the highlighted arm, or none. The page sets it in all charts at once."""
WIDTH = 760
"""Width in pixels of a picture for the Markdown report."""
PANELS_FROM = 640
"""Width in pixels from which on panels are laid out in two columns."""
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
        cls, name: str, title: str, says: str, chart: alt.TopLevelMixin, **data: Iterable[Mapping[str, Any]]
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


def named(name: str) -> alt.NamedData:
    """A reference to the data of that name in a chart's `datasets`."""
    return alt.NamedData.from_dict({"name": name})


def picked(arm: str = "arm", faded: float = 0.15) -> Any:
    """An opacity that fades all but the highlighted arm. `arm` is the data field with the arm's name."""
    return alt.when(f"{PICKED} === null || datum.{arm} === {PICKED}").then(alt.value(1.0)).otherwise(alt.value(faded))


def pick() -> alt.Parameter:
    return alt.param(name=PICKED, value=None)

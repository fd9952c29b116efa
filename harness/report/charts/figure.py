"""What every chart is made of: a definition that knows no theme and no width, and what goes above it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import altair as alt

PICKED = "picked"
"""The chart parameter that names the arm which is picked out, or none; the page sets it in all charts at once."""
WIDTH = 760
"""Pixels of a picture beside the Markdown."""
PANELS_FROM = 640
"""Pixels from which on panels stand in two columns."""
AXIS = 74
"""Pixels that a panel's axis and its title take on the left, and the room around all panels."""


@dataclass(frozen=True)
class Figure:
    """One chart."""

    name: str
    """Of its file."""
    title: str
    says: str
    """How it is to be read."""
    spec: dict[str, Any]
    """In Vega-Lite, without width, title and theme."""

    @classmethod
    def of(
        cls, name: str, title: str, says: str, chart: alt.TopLevelMixin, **data: Iterable[Mapping[str, Any]]
    ) -> "Figure":
        """A chart over `named` data. What a user named is data, and only that: never a part of an expression."""
        spec: dict[str, Any] = chart.to_dict()
        spec.pop("config", None)  # Altair's own: the theme is ours
        spec["description"] = f"{title}. {says}"
        spec["datasets"] = {key: [dict(value) for value in values] for key, values in data.items()}
        return cls(name, title, says, spec)

    @property
    def panels(self) -> int:
        """How many panels side by side and below each other it has; 0 for a chart that is one."""
        return int(self.spec.get("usermeta", {}).get("panels", 0))


def named(name: str) -> alt.NamedData:
    """Data that a chart's `datasets` hold under that name."""
    return alt.NamedData.from_dict({"name": name})


def picked(arm: str = "arm", faded: float = 0.15) -> Any:
    """The opacity that fades what is not of the arm picked out; `arm` is the field of the data that names it."""
    return alt.when(f"{PICKED} === null || datum.{arm} === {PICKED}").then(alt.value(1.0)).otherwise(alt.value(faded))


def pick() -> alt.Parameter:
    return alt.param(name=PICKED, value=None)

"""Named data of a chart, and the highlighting of one arm in all charts."""

from typing import Any

import altair as alt

PICKED = "picked"
"""The chart parameter that names the highlighted arm, or none. The page sets it in all charts at once."""


def named(name: str) -> alt.NamedData:
    """A reference to the data of that name in a chart's `datasets`."""
    return alt.NamedData.from_dict({"name": name})


def picked(arm: str = "arm", faded: float = 0.15) -> Any:
    """An opacity that fades all but the highlighted arm. `arm` is the data field with the arm's name."""
    return alt.when(f"{PICKED} === null || datum.{arm} === {PICKED}").then(alt.value(1.0)).otherwise(alt.value(faded))


def pick() -> alt.Parameter:
    return alt.param(name=PICKED, value=None)

"""Charts as SVG of fixed width on a light background, so that they can be read on any page."""

from copy import deepcopy
from typing import Any

from harness.report.charts.figure import WIDTH, Figure
from harness.report.charts.panels import widths
from harness.report.charts.theme import config

_LINE = 116
"""Characters per line of the caption below the title."""


def svg(figure: Figure) -> str:
    """The chart with its title, as SVG."""
    import vl_convert  # starts an engine of its own

    return vl_convert.vegalite_to_svg(titled(figure))


def titled(figure: Figure) -> dict[str, Any]:
    spec = sized(figure, WIDTH)
    spec["title"] = {"text": figure.title, "subtitle": _wrap(figure.says)}
    spec["config"] = config("light")
    return spec


def sized(figure: Figure, width: int) -> dict[str, Any]:
    """The definition of a chart that is `width` pixels wide."""
    spec = deepcopy(figure.spec)
    if figure.panels:
        spec["columns"], spec["spec"]["width"] = widths(figure.panels, width)
    else:
        spec["width"] = width
        spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec


def _wrap(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, _LINE)

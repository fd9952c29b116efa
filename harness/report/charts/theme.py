"""How all charts look, on a light and on a dark background.

The colours are those of M. Okabe and K. Ito ("Color Universal Design", 2008), which people with any common colour
blindness can distinguish, in an order in which neighbours also differ in lightness. No chart relies on colour alone.
"""

from typing import Any

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]

_COLOURS = {
    "light": ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8a6d00", "#56B4E9", "#555555"],
    "dark": ["#56B4E9", "#E69F00", "#3ddbab", "#e8a5c8", "#F0E442", "#4b9fdd", "#bbbbbb"],
}
_BACKGROUND = {"light": "#ffffff", "dark": "#16181c"}
_INK = {"light": "#1b1f24", "dark": "#e8eaed"}
_MUTED = {"light": "#59636e", "dark": "#a3abb5"}
_GRID = {"light": "#e3e6ea", "dark": "#32373e"}
_BAND = {"light": "#d9dee4", "dark": "#3a414a"}
_CONTEXT = {"light": "#b6bdc6", "dark": "#59616b"}

_NAME: dict[str, Any] = {"fontSize": 13, "fontWeight": "bold"}
_WORDS: dict[str, Any] = {"fontSize": 12}


def config(theme: str) -> dict[str, Any]:
    """Vega-Lite's configuration for a "light" or "dark" background. Charts name these styles, never a colour."""
    ink, muted, background, colours = _INK[theme], _MUTED[theme], _BACKGROUND[theme], _COLOURS[theme]
    behind = {"color": background, "stroke": background, "strokeWidth": 7, "strokeJoin": "round"}
    return {
        "font": FONT,
        "background": background,
        "padding": {"left": 4, "right": 10, "top": 6, "bottom": 4},
        "view": {"stroke": None},
        "range": {"category": colours, "symbol": SHAPES},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "fontSize": 15,
            "color": ink,
            "subtitleColor": muted,
            "subtitleFontSize": 12,
            "offset": 12,
            "subtitlePadding": 4,
        },
        "axis": {
            "labelColor": muted,
            "titleColor": ink,
            "domainColor": muted,
            "tickColor": muted,
            "gridColor": _GRID[theme],
            "labelFontSize": 11,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelOverlap": "greedy",
        },
        "legend": {
            "labelColor": ink,
            "titleColor": ink,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "orient": "top",
            "symbolSize": 70,
            "symbolOpacity": 1,
        },
        "header": {
            "labelColor": ink,
            "labelFontSize": 12,
            "labelFontWeight": "bold",
            "labelAnchor": "start",
            "labelPadding": 4,
            "title": None,
        },
        "style": {
            "ink": {"color": ink},
            "name": {"color": ink, **_NAME},
            "words": {"color": ink, **_WORDS},
            "behind-name": {**behind, **_NAME},
            "behind-words": {**behind, **_WORDS},
            "whisker": {"color": ink, "strokeWidth": 1.5},
            "rule": {"color": ink, "strokeWidth": 1},
            "band": {"color": _BAND[theme]},
            "ring": {"color": ink, "strokeWidth": 1.4},
            "thin": {"color": colours[0], "strokeWidth": 1},
            "thick": {"color": colours[0], "strokeWidth": 2.6},
            "context": {"color": _CONTEXT[theme], "strokeWidth": 1.4},
            "area": {"color": colours[0], "fillOpacity": 0.25},
        },
    }

"""What a column of a table is sorted by: cells are written for people, and `units` wrote them."""

import re
from collections.abc import Sequence

_FIGURE = re.compile(r"(-?[\d,]*\.?\d+(?:e[+-]?\d+)?)\s*([a-zA-Z%]*)(?:/s)?(?:\s|,|$)")
_UNITS = {
    **{"": 1.0, "x": 1.0, "%": 0.01},
    **{"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0},
    **{"MB": 1e6, "GB": 1e9},
    **{"MFLOP": 1e6, "GFLOP": 1e9, "TFLOP": 1e12},
}
_DURATIONS = {"us", "ms", "s", "min", "h"}


def keys(cells: Sequence[str]) -> list[float | None]:
    """A number for each cell of a column, and None for those without, which stay last.

    Where cells are ratios, the baseline's, which are its name or its time, are 1.
    """
    ratios = any(re.match(r"[\d.,e+-]+x", cell) for cell in cells)
    return [_key(cell, ratios) for cell in cells]


def _key(cell: str, beside_ratios: bool) -> float | None:
    found = _FIGURE.match(cell)
    if found is None or found[2] not in _UNITS:
        return 1.0 if beside_ratios and cell == "baseline" else None
    if beside_ratios and found[2] in _DURATIONS:
        return 1.0
    return float(found[1].replace(",", "")) * _UNITS[found[2]]

"""Tables, and cells that carry a number besides their text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


class Cell(str):
    """The text of a cell with the number that it shows, so that a column can be sorted."""

    __slots__ = ("value",)
    value: float | None

    def __new__(cls, text: str = "", value: float | None = None) -> Self:
        self = super().__new__(cls, text)
        self.value = value
        return self


@dataclass(frozen=True)
class Table:
    title: str
    columns: list[str]
    rows: list[list[str]]
    """Numbers are `Cell`s with a value; a plain string has none."""
    note: str = ""
    texts: int = 1
    """The number of text columns, from the left; the others are numbers."""
    bars: tuple[str, ...] = ()
    """The columns of shares that a page draws as bars, too."""


def values(cells: Sequence[str]) -> list[float | None]:
    """The numbers by which a column is sorted; None for cells without one, which are last."""
    return [cell.value if isinstance(cell, Cell) else None for cell in cells]

"""What every report is made of: tables, and cells that carry a value beside their text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


class Cell(str):
    """The text of a cell, as people read it, with the number that it shows, by which a column can be sorted."""

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
    """Figures are cells with a value; a plain string has none."""
    note: str = ""
    texts: int = 1
    """How many of the columns, from the left, are words; the others are figures."""


def values(cells: Sequence[str]) -> list[float | None]:
    """By what the cells of a column are sorted; None for those without a number, which are last."""
    return [cell.value if isinstance(cell, Cell) else None for cell in cells]

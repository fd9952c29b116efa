"""What every report is made of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""
    texts: int = 1
    """How many of the columns, from the left, are words; the others are figures."""

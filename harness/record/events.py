"""The events of a run: the lines of the record, which are stored, and `Progress`, which is only displayed."""

from dataclasses import dataclass

from harness.record.schema import Line


@dataclass(frozen=True)
class Progress:
    """The next step of a run. It is not recorded."""

    block: int
    doing: str
    """What the arm is about to do, in words."""
    arm: str
    step: int = 0
    """The number of rounds that are done."""
    steps: int = 0
    """The total number of rounds; 0 while it is unknown."""


Event = Line | Progress

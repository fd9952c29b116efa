"""The events of a run: the lines of the record, which are stored, and `Progress`, which is only displayed."""

from dataclasses import dataclass
from enum import StrEnum

from harness.record.schema import Line


class Doing(StrEnum):
    """What an arm is about to do."""

    IMPORTING = "importing"
    BUILDING = "building"
    FIRST_EPOCHS = "first epochs"
    TAKING_TURNS = "taking turns"
    TRAINING = "training"
    EVALUATING = "evaluating"
    COUNTING_EVENTS = "counting over the same epochs"
    COUNTING_OPERATIONS = "counting its operations"
    OBSERVING = "observing"


@dataclass(frozen=True)
class Progress:
    """The next step of a run. It is not recorded."""

    block: int
    doing: Doing
    arm: str
    step: int = 0
    """The number of rounds that are done."""
    steps: int = 0
    """The total number of rounds; 0 while it is unknown."""
    probe: str = ""
    """What is observed, in a pass of a profile."""

    @property
    def text(self) -> str:
        return f"{self.doing} its {self.probe}" if self.probe else self.doing


Event = Line | Progress

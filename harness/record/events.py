"""What a run tells as it goes: the record's lines, to be kept, and `Progress`, to be shown."""

from dataclasses import dataclass

from harness.record.schema import Line


@dataclass(frozen=True)
class Progress:
    """What is about to happen. It is not recorded."""

    block: int
    doing: str
    arm: str
    step: int = 0
    steps: int = 0
    """Rounds, of which `step` are done; 0 while their number is not known."""


Event = Line | Progress

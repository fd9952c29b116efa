"""What earlier groups of a run have taught about the arms."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from harness.record.store import Record
from harness.schedule.sampling import Pace
from harness.worker.wire.messages import Description


@dataclass
class Known:
    """It grows while the run goes on."""

    needs: dict[str, int] = field(default_factory=dict)
    """Bytes that an arm takes for good once its first epochs are over."""
    descriptions: dict[str, Description] = field(default_factory=dict)
    paces: dict[str, Pace] = field(default_factory=dict)
    too_large: set[frozenset[str]] = field(default_factory=set)
    """Sets of arms that memory did not hold together."""
    stated: set[tuple[str, int]] = field(default_factory=set)
    """Arms that were asked for the terms of their loss, and in which block."""
    counted: set[str] = field(default_factory=set)
    """Arms that were asked how much their epochs compute."""
    stored: dict[str, list[int]] = field(default_factory=dict)
    """The epochs that a stored gate counted of an arm, in their order."""

    @classmethod
    def of(cls, before: Record) -> Self:
        """What a record has of it."""
        groups = {(end.block, end.group) for end in before.ends if end.status == "regrouped"}
        return cls(
            descriptions={line.arm: line.description for line in before.ready},
            too_large={frozenset(start.order) for start in before.starts if (start.block, start.group) in groups},
            stated={(line.arm, line.block) for line in before.objectives},
            counted={line.arm for line in before.works},
            stored={
                line.arm: [epoch.index for epoch in line.epochs] for line in reversed(before.stored) if line.counted
            },
        )

    def forget(self, block: int) -> None:
        """That block is to run again, and its arms are to say again what they are asked once."""
        self.stated = {(arm, asked) for arm, asked in self.stated if asked != block}
        if not block:
            self.counted.clear()

    def fit(self, arms: Sequence[str]) -> bool:
        """Whether memory may hold these. As many as did not fit are not tried again: blocks may differ in their arms,
        and not much in what these take. A pair is another matter: what did not fit may have been the other arm."""
        many = any(2 < len(large) <= len(arms) for large in self.too_large)
        return not many and frozenset(arms) not in self.too_large

"""What earlier groups of a run have shown about the arms: memory, pace, and what was asked already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from harness.engine.machine.memory import Amounts
from harness.record.store import Record
from harness.schedule.sampling import Pace
from harness.worker.wire.messages import Description


@dataclass(frozen=True)
class Libraries:
    """What a process imported before its first epoch."""

    files: Mapping[str, str]
    """The file of each library, in the order in which they were imported."""
    not_forkable: str
    """Why no process may be forked in its place from one that has imported them; empty if one may."""


@dataclass
class Known:
    """Facts about the arms. They grow during the run."""

    needs: dict[str, Amounts] = field(default_factory=dict)
    """The memory that an arm keeps in use after its first epochs."""
    libraries: dict[str, Libraries] = field(default_factory=dict)
    """What the first process of each arm imported before its first epoch, if it was a fresh one."""
    descriptions: dict[str, Description] = field(default_factory=dict)
    """How each built trainer described itself."""
    paces: dict[str, Pace] = field(default_factory=dict)
    """Seconds that an epoch of each kind takes, by arm."""
    too_large: set[frozenset[str]] = field(default_factory=set)
    """Sets of arms that memory did not hold together."""
    stated: set[tuple[str, int]] = field(default_factory=set)
    """Pairs of arm and block: where an arm was asked for the terms of its loss."""
    counted: set[str] = field(default_factory=set)
    """Arms that were asked to count their operations."""
    uncounted: list[str] = field(default_factory=list)
    """Arms whose training was over before their operations could be counted."""
    stored: dict[str, list[int]] = field(default_factory=dict)
    """The epochs that a stored gate counted of each arm, in their order."""

    @classmethod
    def from_record(cls, before: Record) -> Self:
        """The facts that can be read from the record of an interrupted run."""
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
        """Forget what was asked in a block that runs again, so that its arms are asked again."""
        self.stated = {(arm, asked) for arm, asked in self.stated if asked != block}
        if not block:
            self.counted.clear()
            self.uncounted.clear()

    def fit(self, arms: Sequence[str]) -> bool:
        """Whether memory may hold these arms together.

        False for at least as many arms as did not fit before: blocks may differ in their arms, but those differ little
        in memory. A pair counts only for itself, because its other arm may have been the one that did not fit.
        """
        too_many = any(2 < len(large) <= len(arms) for large in self.too_large)
        return not too_many and frozenset(arms) not in self.too_large

"""The lines of a run, sorted by type, and figures derived from several lines: the input of every analysis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeVar

from harness.plan.plan import Arm, Plan
from harness.record.schema import (
    ArmEnd,
    ArmReady,
    BlockEnd,
    BlockStart,
    Evaluation,
    Footer,
    Header,
    Look,
    Objective,
    Resume,
    Slice,
    Stored,
    Work,
)
from harness.worker.wire.messages import Segment

_OfArm = TypeVar("_OfArm", ArmReady, Slice, Evaluation, Work, ArmEnd)


@dataclass(frozen=True)
class Part:
    """Some arms of a run, compared with one of them: in a gate, those of one variant."""

    arms: frozenset[str]
    baseline: str


@dataclass(kw_only=True)
class Lines:
    """The lines of a run, or of a part of it, such as some of its arms. Each list is in the order of the record."""

    head: Header | None = None
    part: Part | None = None
    """Which part of the run these lines are; None for the whole run."""
    starts: list[BlockStart] = field(default_factory=list)
    slices: list[Slice] = field(default_factory=list)
    """The timed slices."""
    watched: list[Slice] = field(default_factory=list)
    """The slices of passes under a probe, whose times do not count."""
    evaluations: list[Evaluation] = field(default_factory=list)
    objectives: list[Objective] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    """Measurements of earlier runs."""
    ready: list[ArmReady] = field(default_factory=list)
    ends: list[ArmEnd] = field(default_factory=list)
    blocks_done: list[BlockEnd] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    resumed: list[Resume] = field(default_factory=list)
    footer: Footer | None = None

    @property
    def header(self) -> Header:
        """The header of the record, which must have been added."""
        assert self.head is not None, "a record begins with its header"
        return self.head

    @property
    def plan(self) -> Plan:
        return self.header.plan

    @property
    def most(self) -> int:
        """The maximum number of blocks, by the latest look that has chosen it."""
        return next((look.most for look in reversed(self.looks) if look.most), self.plan.blocks)

    @property
    def rounds(self) -> int:
        """The number of rounds of the next block, by the latest look that has chosen it."""
        return next((look.rounds for look in reversed(self.looks) if look.rounds), self.plan.rounds)

    @property
    def arms(self) -> list[Arm]:
        """The planned arms of the run, or of this part of it."""
        return [arm for arm in self.plan.arms if self.part is None or arm.label in self.part.arms]

    @property
    def baseline(self) -> str:
        """The label of the arm with which the others are compared."""
        return self.part.baseline if self.part else self.plan.baseline

    @property
    def partial(self) -> bool:
        """Whether the run is not complete."""
        return self.footer is None or self.footer.status != "complete"

    @property
    def passes(self) -> set[tuple[int, int]]:
        """The (block, group) pairs that ran under a probe; nothing in them was timed."""
        timed = {(piece.block, piece.group) for piece in self.slices}  # after which operations may have been counted
        return {(piece.block, piece.group) for piece in self.watched} - timed

    def of(self, arms: Iterable[str], baseline: str | None = None, without: Iterable[tuple[int, int]] = ()) -> Lines:
        """Return the lines of `arms`, which are compared with `baseline` if it is not the run's, leaving out the
        (block, group) pairs in `without`."""
        selected, left_out = set(arms), set(without)

        def own(lines: list[_OfArm]) -> list[_OfArm]:
            return [line for line in lines if line.arm in selected and (line.block, line.group) not in left_out]

        return Lines(
            head=self.header,
            part=Part(frozenset(selected), baseline or self.baseline),
            starts=[s for s in self.starts if set(s.order) <= selected and (s.block, s.group) not in left_out],
            slices=own(self.slices),
            watched=own(self.watched),
            evaluations=own(self.evaluations),
            objectives=[line for line in self.objectives if line.arm in selected],
            works=own(self.works),
            ready=own(self.ready),
            ends=own(self.ends),
            blocks_done=self.blocks_done,
            looks=self.looks,
            footer=self.footer,
        )

    def failure(self, arm: str) -> ArmEnd | None:
        """Return the end of the arm's process that failed; None if the arm did not fail."""
        return next((end for end in self.ends if end.arm == arm and end.status == "failed"), None)

    def schedule(self, arm: str) -> Counter[str]:
        """Return the number of epochs of each kind in an arm's whole schedule; empty if the schedule is unknown."""
        first = next((line for line in self.ready if line.arm == arm), None)
        counts = Counter[str]()
        for segment in self.segments(first.block, first.group, arm) if first else ():
            counts[segment.kind] += segment.stop - segment.start
        return counts

    def segments(self, block: int, group: int, arm: str) -> list[Segment]:
        """Return the whole schedule of an arm's process; empty if it is unknown. That of a program is known once it has
        trained to its end: it is what it ran."""
        here = (block, group, arm)
        described = [line.description.segments for line in self.ready if (line.block, line.group, line.arm) == here]
        if described and described[0]:
            return described[0]
        if not any(end.trained for end in self.ends if (end.block, end.group, end.arm) == here):
            return []
        pieces = [piece for piece in self.slices if (piece.block, piece.group, piece.arm) == here]
        ran = [epoch for piece in pieces for epoch in piece.epochs]
        runs = [list(run) for _, run in groupby(ran, key=lambda epoch: epoch.kind)]
        return [Segment(run[0].kind, run[0].index, run[-1].index + 1) for run in runs]

    def unavailable(self, arm: str) -> dict[str, str]:
        """Return the reason for each thing that could not be observed in an arm's processes.

        The reasons are those that a process gave at its end or, if it has no end, when its trainer was built.
        """
        reasons = {(line.block, line.group): line.unavailable for line in self.ready if line.arm == arm}
        reasons |= {(end.block, end.group): end.unavailable for end in self.ends if end.arm == arm}
        return {what: why for of_process in reasons.values() for what, why in of_process.items()}

    def loaded(self, arm: str | None = None) -> dict[str, str]:
        """Return the versions of the numerical libraries that the processes of `arm`, or of all arms, had loaded."""
        lines: list[ArmReady | ArmEnd] = [*self.ready, *self.ends]
        versions = [line.versions for line in lines if arm in (None, line.arm)]
        return {name: version for of_process in versions for name, version in of_process.items()}

"""The lines of a run by their type, and what they say together: what every analysis takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import msgspec

from harness.plan.plan import Plan
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

_OfArm = TypeVar("_OfArm", ArmReady, Slice, Evaluation, Work, ArmEnd)


@dataclass(kw_only=True)
class Lines:
    """A run, or a part of one, such as what is about some of its arms. Each list is in the order in which it came."""

    head: Header | None = None
    starts: list[BlockStart] = field(default_factory=list)
    slices: list[Slice] = field(default_factory=list)
    watched: list[Slice] = field(default_factory=list)
    """Of passes under a probe."""
    evaluations: list[Evaluation] = field(default_factory=list)
    objectives: list[Objective] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    """Of earlier runs."""
    ready: list[ArmReady] = field(default_factory=list)
    ends: list[ArmEnd] = field(default_factory=list)
    blocks_done: list[BlockEnd] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    resumed: list[Resume] = field(default_factory=list)
    footer: Footer | None = None

    @property
    def header(self) -> Header:
        assert self.head is not None, "a record begins with its header"
        return self.head

    @property
    def plan(self) -> Plan:
        return self.header.plan

    @property
    def partial(self) -> bool:
        return self.footer is None or self.footer.status != "complete"

    @property
    def passes(self) -> set[tuple[int, int]]:
        """Block and group of those that ran under a probe: nothing in them was timed."""
        return {(piece.block, piece.group) for piece in self.watched}

    def of(self, arms: Iterable[str], plan: Plan, without: Iterable[tuple[int, int]] = ()) -> Lines:
        """The lines about some arms, as those of a run by `plan`; without those of some blocks and groups."""
        wanted, left_out = set(arms), set(without)

        def own(lines: list[_OfArm]) -> list[_OfArm]:
            return [line for line in lines if line.arm in wanted and (line.block, line.group) not in left_out]

        return Lines(
            head=msgspec.structs.replace(self.header, plan=plan),
            starts=[s for s in self.starts if set(s.order) <= wanted and (s.block, s.group) not in left_out],
            slices=own(self.slices),
            watched=own(self.watched),
            evaluations=own(self.evaluations),
            objectives=[line for line in self.objectives if line.arm in wanted],
            works=own(self.works),
            ready=own(self.ready),
            ends=own(self.ends),
            blocks_done=self.blocks_done,
            looks=self.looks,
            footer=self.footer,
        )

    def in_one_group(self) -> Lines:
        """What was watched of each arm in a process of its own, as if these had been slices of one group."""
        return replace(
            self,
            slices=[msgspec.structs.replace(piece, group=0, probe=None) for piece in self.watched],
            ready=[msgspec.structs.replace(line, group=0) for line in self.ready],
            ends=[msgspec.structs.replace(line, group=0) for line in self.ends],
        )

    def failure(self, arm: str) -> ArmEnd | None:
        """How an arm failed, if it did."""
        return next((end for end in self.ends if end.arm == arm and end.status == "failed"), None)

    def schedule(self, arm: str) -> Counter[str]:
        """How many epochs of each kind an arm's whole schedule has; none where it does not say."""
        segments = next((line.description.segments for line in self.ready if line.arm == arm), [])
        counts = Counter[str]()
        for segment in segments:
            counts[segment.kind] += segment.stop - segment.start
        return counts

    def unavailable(self, arm: str) -> dict[str, str]:
        """What could not be watched in an arm's processes, and why: as they said at their end or, where there was none,
        when they had been built."""
        reasons = {(line.block, line.group): line.unavailable for line in self.ready if line.arm == arm}
        reasons |= {(end.block, end.group): end.unavailable for end in self.ends if end.arm == arm}
        return {what: why for own in reasons.values() for what, why in own.items()}

    def loaded(self, arm: str | None = None) -> dict[str, str]:
        """The versions of the numerical libraries that an arm's processes had loaded, or those of all arms."""
        lines: list[ArmReady | ArmEnd] = [*self.ready, *self.ends]
        versions = [line.versions for line in lines if arm in (None, line.arm)]
        return {name: version for own in versions for name, version in own.items()}

"""Records of runs that never happened, with a known answer."""

import msgspec
import numpy as np
from epochs import epoch_of
from schedules import Process, batch, kind_at, stretch_at

from harness.plan.plan import Arm, Plan
from harness.record.schema import ArmEnd, ArmReady, BlockEnd, Footer, Header, Objective, Slice
from harness.record.store import Record
from harness.schedule import turns
from harness.worker.wire.evidence import Trace
from harness.worker.wire.messages import Description, Segment

DATA, REFINE, FULL = "data", "refine", "full"
SEGMENTS = [Segment(DATA, 0, 40), Segment(REFINE, 40, 41), Segment(FULL, 41, 101)]


def plan(*arms, blocks=3):
    return Plan(
        command="compare",
        arms=tuple(Arm(arm, arm) for arm in arms),
        baseline=arms[0],
        case="case1",
        scale="smoke",
        epochs=30,
        blocks=blocks,
        seed=0,
        threads=2,
    )


def record(seconds, *, blocks=3, rounds=12, noise=0.0, seekable=True, knows_length=None, firsts=None, seed=0):
    """`seconds` of a steady epoch by arm and kind, `firsts` of the first ones; `noise` is a round's sd of log time."""
    random = np.random.default_rng(seed)
    arms = list(seconds)
    segments = SEGMENTS if seekable or knows_length else []
    result = Record(
        [
            Header(
                schema=1,
                run="simulated",
                started="2026-01-01T00:00:00+00:00",
                plan=plan(*arms, blocks=blocks),
                machine={},
                versions={},
                commit=None,
            )
        ]
    )
    for block in range(blocks):
        for arm in arms:
            result.add(
                ArmReady(
                    block=block,
                    group=0,
                    arm=arm,
                    pid=1,
                    build_seconds=1.0,
                    description=Description(seekable, segments),
                    environment={},
                    versions={},
                )
            )
            warm = [
                epoch_of(index, kind, (firsts or seconds)[arm][kind], 0.0, {}, first=True)
                for kind, index in ((DATA, 0), (REFINE, 40), (FULL, 41))
                if kind in seconds[arm]
            ]
            result.add(Slice(block=block, group=0, round=0, position=0, arm=arm, epochs=warm))
        for number in range(1, rounds + 1):
            kind = (DATA, FULL, REFINE)[number % 3]
            shared = np.exp(noise * random.standard_normal())
            for position, arm in enumerate(arms):
                if kind in seconds[arm]:
                    wall = float(seconds[arm][kind] * shared * np.exp(noise * random.standard_normal() / 10))
                    result.add(
                        Slice(
                            block=block,
                            group=0,
                            round=number,
                            position=position,
                            arm=arm,
                            epochs=[epoch_of(number, kind, wall, wall, {})] * 2,
                        )
                    )
        for arm in arms:
            result.add(ArmEnd(block=block, group=0, arm=arm, status="ok", peak_rss_bytes=10**9 + block))
        result.add(BlockEnd(block))
    result.add(Footer("complete", "2026-01-01T00:10:00+00:00"))
    return result


def trained(*blocks, terms=None):
    """A record of what arms lost: for each block, by arm, the rounds of (index, losses) that it ran in this order.

    `terms` is what arms stated before, by arm. The first arm is the baseline.
    """
    arms = list(dict.fromkeys(arm for block in blocks for arm in block)) or list(terms)
    result = Record(
        [
            Header(
                schema=1,
                run="simulated",
                started="2026-01-01T00:00:00+00:00",
                plan=plan(*arms),
                machine={},
                versions={},
                commit=None,
            )
        ]
    )
    for arm, values in (terms or {}).items():
        result.add(Objective(0, 0, arm, values))
    for number, block in enumerate(blocks):
        for arm, rounds in block.items():
            for round_, steps in enumerate(rounds):
                epochs = [epoch_of(index, "epoch", 0.1, 0.1, losses) for index, losses in steps]
                result.add(Slice(block=number, group=0, round=round_, position=0, arm=arm, epochs=epochs))
    return result


def sampled(description, arms, *, blocks=3, epochs=40, block_noise=0.0, noise=0.0, seed=0, cold=1.0, **options):
    """A record of arms with one schedule, sampled as a comparison samples them.

    `arms` gives each one's cost, a function of (index, what that epoch traces) to seconds; `block_noise` is the sd of
    the logarithm of what a whole process takes, `noise` that of one epoch, `cold` how many times as long an epoch takes
    that settles. `options` are the plan's.
    """
    random = np.random.default_rng(seed)
    planned = msgspec.structs.replace(plan(*arms, blocks=blocks), epochs=epochs, **options)
    descriptions = dict.fromkeys(arms, description)
    result = Record(
        [
            Header(
                schema=1,
                run="simulated",
                started="2026-01-01T00:00:00+00:00",
                plan=planned,
                machine={},
                versions={},
                commit=None,
            )
        ]
    )
    for block in range(blocks):
        run = {arm: _Running(description, cost, random, block_noise, noise) for arm, cost in arms.items()}
        for arm in arms:
            result.add(
                ArmReady(
                    block=block,
                    group=0,
                    arm=arm,
                    pid=1,
                    build_seconds=1.0,
                    description=description,
                    environment={},
                    versions={},
                )
            )
            result.add(
                Slice(
                    block=block,
                    group=0,
                    round=0,
                    position=0,
                    arm=arm,
                    epochs=run[arm].slice(turns.warm_up(planned, arm, descriptions)),
                )
            )
        paces = {arm: dict(running.latest) for arm, running in run.items()}
        rounds = turns.rounds(planned, block, 0, descriptions, paces)
        for round_ in rounds:
            for position, turn in enumerate(round_.turns):
                before = run[turn.arm].slice(turn.before, cold=cold)
                counted = run[turn.arm].slice(turn.indices)
                rounds.observe(turn, [*before, *counted])
                if before:
                    result.add(
                        Slice(
                            block=block,
                            group=0,
                            round=0,
                            position=0,
                            arm=turn.arm,
                            epochs=before,
                            settling=turn.settling,
                        )
                    )
                result.add(
                    Slice(block=block, group=0, round=round_.number, position=position, arm=turn.arm, epochs=counted)
                )
                if turn.after:
                    result.add(
                        Slice(
                            block=block,
                            group=0,
                            round=0,
                            position=position,
                            arm=turn.arm,
                            epochs=run[turn.arm].slice(turn.after),
                        )
                    )
        for arm in arms:
            result.add(ArmEnd(block=block, group=0, arm=arm, status="ok"))
        result.add(BlockEnd(block))
    result.add(Footer("complete", "2026-01-01T00:10:00+00:00"))
    return result


class _Running:
    """A process of one arm: what it has traced, and its random speed."""

    def __init__(self, description, cost, random, block_noise, noise):
        self.description, self.cost, self.random, self.noise = description, cost, random, noise
        self.process = Process(description)
        self.speed = np.exp(block_noise * random.standard_normal())
        self.seen = set()
        self.latest = {}

    def slice(self, indices, cold=1.0):
        return [self._epoch(index, cold) for index in indices]

    def _epoch(self, index, cold):
        known_length = bool(self.description.segments)
        kind = kind_at(self.description, index) if known_length else "epoch"
        new = self.process.traces(index) if known_length else set()
        wall = self.cost(index, new) * self.speed * cold * np.exp(self.noise * self.random.standard_normal())
        self.latest[kind] = wall
        first = kind not in self.seen
        self.seen.add(kind)
        known = known_length and stretch_at(self.description, index).sizes is not None
        sizes = {"batch_points": float(batch(self.description, index))} if known else {}
        return epoch_of(index, kind, wall, wall, {}, [Trace("step", "pinn.py:1")] * len(new), first, sizes)

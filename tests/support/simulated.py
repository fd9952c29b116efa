"""Records of runs that never happened, with a known answer."""

import numpy as np

from harness.lines import ArmEnd, ArmReady, BlockEnd, Description, Epoch, Footer, Header, Objective, Segment, Slice
from harness.plan import Arm, Plan
from harness.record import Record

DATA, REFINE, FULL = "data", "refine", "full"
SEGMENTS = [Segment(DATA, 0, 40), Segment(REFINE, 40, 41), Segment(FULL, 41, 101)]


def plan(*arms, blocks=3):
    return Plan("compare", tuple(Arm(arm, arm) for arm in arms), arms[0], "case1", "smoke", 30, blocks, 0, 2)


def record(seconds, *, blocks=3, rounds=12, noise=0.0, seekable=True, knows_length=None, firsts=None, seed=0):
    """`seconds` of a steady epoch by arm and kind, `firsts` of the first ones; `noise` is a round's sd of log time."""
    random = np.random.default_rng(seed)
    arms = list(seconds)
    segments = SEGMENTS if seekable or knows_length else []
    result = Record([Header(1, "simulated", "2026-01-01T00:00:00+00:00", plan(*arms, blocks=blocks), {}, {}, None)])
    for block in range(blocks):
        for arm in arms:
            result.add(ArmReady(block, 0, arm, 1, 1.0, Description(seekable, segments), {}, {}))
            warm = [
                Epoch(index, kind, (firsts or seconds)[arm][kind], 0.0, {}, first=True)
                for kind, index in ((DATA, 0), (REFINE, 40), (FULL, 41))
                if kind in seconds[arm]
            ]
            result.add(Slice(block, 0, 0, 0, arm, warm))
        for number in range(1, rounds + 1):
            kind = (DATA, FULL, REFINE)[number % 3]
            shared = np.exp(noise * random.standard_normal())
            for position, arm in enumerate(arms):
                if kind in seconds[arm]:
                    wall = seconds[arm][kind] * shared * np.exp(noise * random.standard_normal() / 10)
                    result.add(Slice(block, 0, number, position, arm, [Epoch(number, kind, wall, wall, {})] * 2))
        for arm in arms:
            result.add(ArmEnd(block, 0, arm, "ok", peak_rss_bytes=10**9 + block))
        result.add(BlockEnd(block))
    result.add(Footer("complete", "2026-01-01T00:10:00+00:00"))
    return result


def trained(*blocks, terms=None):
    """A record of what arms lost: for each block, by arm, the rounds of (index, losses) that it ran in this order.

    `terms` is what arms stated before, by arm. The first arm is the baseline.
    """
    arms = list(dict.fromkeys(arm for block in blocks for arm in block)) or list(terms)
    result = Record([Header(1, "simulated", "2026-01-01T00:00:00+00:00", plan(*arms), {}, {}, None)])
    for arm, values in (terms or {}).items():
        result.add(Objective(0, 0, arm, values))
    for number, block in enumerate(blocks):
        for arm, rounds in block.items():
            for round_, steps in enumerate(rounds):
                epochs = [Epoch(index, "epoch", 0.1, 0.1, losses) for index, losses in steps]
                result.add(Slice(number, 0, round_, 0, arm, epochs))
    return result

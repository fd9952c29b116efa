"""Schedules to sample, drawn at random or as the built-in variants have them, and what samples are looked up in."""

from hypothesis import strategies as st

from harness.plan.plan import Arm, Plan
from harness.worker.wire.messages import Description, Segment

ARMS = ("original", "moments", "batched")
PLAN = Plan(
    command="compare",
    arms=tuple(Arm(name, name) for name in ARMS),
    baseline="original",
    case="case1",
    scale="smoke",
    epochs=20,
    blocks=3,
    seed=0,
    threads=1,
)


def schedule(*stretches, seekable=True):
    """A description from (kind, length) pairs, in order."""
    segments, start = [], 0
    for kind, length in stretches:
        segments.append(Segment(kind, start, start + length))
        start += length
    return Description(seekable, segments)


def breakage(every=20, length=200, seekable=True):
    """As the built-in variants: data, then ramp, then full, with a refinement every so often from the ramp on."""
    kinds = ["data" if i < 30 else "refine" if i % every == 0 else "ramp" if i < 90 else "full" for i in range(length)]
    stretches, last = [], None
    for kind in kinds:
        if kind == last:
            stretches[-1] = (kind, stretches[-1][1] + 1)
        else:
            stretches.append((kind, 1))
        last = kind
    return schedule(*stretches, seekable=seekable)


def batch(description, index):
    """The size of the batch before an epoch: every refinement makes it one larger."""
    return 10 + sum(segment.kind == "refine" for segment in description.segments if segment.start < index)


def sized(description):
    """The same for a trainer that reports its sizes."""
    segments = [
        segment._replace(sizes={"batch_points": float(batch(description, segment.start))})
        for segment in description.segments
    ]
    return Description(description.seekable, segments)


class Process:
    """Traces each new kind of epoch, batch size and pool size once."""

    def __init__(self, description):
        self.description = description
        self.met = set()

    def traces(self, index):
        kind, size = kind_at(self.description, index), batch(self.description, index)
        refined = kind == "refine"
        needed = {kind, ("batch", size + 1 if refined else size)} | ({("pool", size)} if refined else set())
        new = needed - self.met
        self.met |= needed
        return new


def length(description):
    return description.segments[-1].stop


def kind_at(description, index):
    return next(segment.kind for segment in description.segments if segment.start <= index < segment.stop)


def stretch_at(description, index):
    return next(segment for segment in description.segments if segment.start <= index < segment.stop)


def is_single(description, kind):
    return all(segment.stop - segment.start == 1 for segment in description.segments if segment.kind == kind)


def turns_of(arm, rounds):
    return [turn for round in rounds for turn in round.turns if turn.arm == arm]


def ran_by(arm, rounds):
    """What an arm runs in turns."""
    return [index for turn in turns_of(arm, rounds) for index in turn.indices]


def kinds_of(description):
    return {segment.kind for segment in description.segments}


@st.composite
def schedules(draw, seekable=True):
    """Stretches of kinds that change, some of them made of single epochs only."""
    kinds = draw(st.lists(st.sampled_from(["data", "ramp", "full", "refine", "save"]), min_size=1, max_size=12))
    kinds = [kind for kind, before in zip(kinds, [None, *kinds], strict=False) if kind != before]
    lengths = st.integers(1, 25)
    stretches = [(kind, 1 if kind in ("refine", "save") else draw(lengths)) for kind in kinds]
    drawn = schedule(*stretches, seekable=seekable)
    return sized(drawn) if draw(st.booleans()) else drawn


@st.composite
def blocks(draw, schedules=schedules()):  # noqa: B008 - a strategy is a value
    """(plan, block, group, descriptions, paces): the same schedule for all arms, as mostly, or each its own."""
    arms = ARMS[: draw(st.integers(1, 3))]
    if draw(st.booleans()):
        descriptions = dict.fromkeys(arms, draw(schedules))
    else:
        descriptions = {arm: draw(schedules) for arm in arms}
    plan = planned(
        epochs=draw(st.integers(1, 80)),
        seed=draw(st.integers(0, 5)),
        slice_seconds=draw(st.sampled_from([0.0, 0.05, 0.3])),
        baseline=draw(st.sampled_from(ARMS)),
    )
    pace = st.floats(0.01, 1)
    paces = {
        arm: {kind: draw(pace) for kind in sorted(kinds_of(description) or {"epoch"})}
        for arm, description in descriptions.items()
    }
    return plan, draw(st.integers(0, 3)), draw(st.integers(0, 2)), descriptions, paces


def planned(**changes):
    return Plan(**{name: getattr(PLAN, name) for name in Plan.__struct_fields__} | changes)


without_seek = st.one_of(schedules(seekable=False), st.just(Description(seekable=False, segments=[])))

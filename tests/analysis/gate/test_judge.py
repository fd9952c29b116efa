"""The times of a gate, from simulated runs with a known answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import sampled

from harness.analysis.gate.check import GateAnswer
from harness.analysis.gate.judge import gate_verdict
from harness.plan import turn_length
from harness.plan.gate_rules import EPOCH_TIME, TOTAL_TIME, Gate, Tolerances, Triple
from harness.worker.wire.messages import Description, Segment

SCHEDULES = {
    "endless": Description(False, []),
    "in part": Description(False, [Segment("epoch", 0, 1200)]),
    "whole": Description(False, [Segment("epoch", 0, 120)]),
    "sought": Description(True, [Segment("epoch", 0, 1200)]),
}
GATE = Gate((Triple("head", "head", "base", "again", Tolerances({EPOCH_TIME: 0.03, TOTAL_TIME: 0.03})),))


def judged(description, usual, head, *, threads=1, seed=0):
    """The verdict on a head that takes `head` of each epoch, where its base takes `usual`."""
    counted, settling = turn_length.seconds(threads)
    run = sampled(
        description,
        {"base": lambda index, new: usual, "again": lambda index, new: usual, "head": lambda index, new: head(index)},
        blocks=4,
        epochs=None,
        block_noise=0.003,
        noise=0.01,
        cold=1.2,
        seed=seed,
        command="gate",
        gate=GATE,
        threads=threads,
        slice_seconds=counted,
        settling_seconds=settling,
    )
    return gate_verdict(run)


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(list(SCHEDULES)),
    st.integers(2, 12),
    st.data(),
    st.sampled_from([0.005, 0.06, 0.5]),
    st.sampled_from([1.11, 1.2, 2.0]),
    st.sampled_from([1, 2]),
    st.integers(0, 99),
)
def test_fails_a_head_with_periodic_work_whatever_its_period(name, period, data, usual, total, threads, seed):
    """It takes more than 10 % longer in all, in one or two epochs of each period."""
    phases = data.draw(st.lists(st.integers(0, period - 1), min_size=1, max_size=min(2, period - 1), unique=True))
    more = (total - 1) * period / len(phases)
    found = judged(
        SCHEDULES[name],
        usual,
        lambda index: usual * (1 + more * (index % period in phases)),
        threads=threads,
        seed=seed,
    )
    assert found.answer == GateAnswer.REGRESSED
    ratios = {check.metric: check.ratio.estimate for check in found.checks}
    assert ratios[TOTAL_TIME] == pytest.approx(total, rel=0.1)  # the epochs that ran need not be whole periods


@pytest.mark.parametrize("description", SCHEDULES.values(), ids=SCHEDULES)
def test_passes_a_head_that_takes_as_long(description):
    assert judged(description, 0.06, lambda index: 0.06).answer == GateAnswer.PASSED


@pytest.mark.parametrize("description", SCHEDULES.values(), ids=SCHEDULES)
def test_fails_a_head_whose_every_tenth_epoch_sleeps(description):
    found = judged(description, 0.06, lambda index: 0.06 + 0.6 * (index % 10 == 9))
    assert found.answer == GateAnswer.REGRESSED
    assert all(check.ratio.estimate == pytest.approx(2.0, rel=0.04) for check in found.checks)

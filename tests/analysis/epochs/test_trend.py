import pytest
from msgspec.structs import replace
from schedules import schedule
from simulated import sampled

from harness.analysis.epochs.projection import Projection
from harness.analysis.epochs.table import table
from harness.worker.wire.messages import Description

ENDLESS = Description(False, [])


def costs_of(cost, description=ENDLESS, *, noise=0.02, blocks=3, seed=0, epochs=None):
    arms = {"plain": lambda index, new: 0.05, "other": lambda index, new: cost(index)}
    run = sampled(description, arms, blocks=blocks, epochs=epochs, noise=noise, seed=seed, slice_seconds=0.05)
    return Projection(run, table(run))


@pytest.mark.parametrize("sign", [1, -1])
def test_reports_trend_of_slowing_or_speeding_epochs(sign):
    found = costs_of(lambda index: 0.2 + sign * 0.002 * index)
    assert found.trends.keys() == {"other"}
    assert found.trends["other"].seconds == pytest.approx(sign * 0.002, rel=0.2)
    assert found.scope == "epochs"  # there is no such thing as an epoch of a long training


@pytest.mark.parametrize(
    "cost",
    [
        lambda index: 0.05,
        lambda index: 0.05 * (1 + 2 * (index % 4 == 1)),
        lambda index: 0.05 + 0.5 * (index < 9),  # a slow start
        lambda index: 0.05 if index < 15 else 0.1,  # a step
        lambda index: 0.05 * (1 + 0.001 * index),  # too little to matter
    ],
    ids=["steady", "periodic", "slow start", "step", "little"],
)
def test_a_temporary_change_is_no_trend(cost):
    for seed in range(5):
        assert not costs_of(cost, noise=0.05, seed=seed).trends


def test_a_trend_is_not_extrapolated():
    """Unless all have run: then it is their sum."""
    long = schedule(("epoch", 2000), seekable=False)
    found = costs_of(lambda index: 0.05 + 0.001 * index, long, epochs=100)
    assert found.scope == "epochs"
    assert found.seconds("other").estimate == pytest.approx(sum(0.05 + 0.001 * i for i in range(100)), rel=0.05)
    whole = costs_of(lambda index: 0.05 + 0.001 * index, schedule(("epoch", 100), seekable=False), epochs=100)
    assert whole.trends
    assert whole.scope == "schedule"


def test_a_cost_that_follows_a_size_is_no_trend():
    """The trainer reports its batch size, so that costs are projected by size."""
    arms = {"other": lambda index, new: 0.05 + 0.001 * index}
    run = sampled(ENDLESS, arms, epochs=100, noise=0.01)
    grown = [
        replace(piece, epochs=[replace(epoch, sizes={"batch": float(epoch.index)}) for epoch in piece.epochs])
        for piece in run.slices
    ]
    run.slices[:] = grown
    assert not Projection(run, table(run)).trends


def one_process(plain=lambda index: 0.05, *, cpu=lambda arm, wall: wall):
    """The trends of an arm whose epochs get slower, next to this one, in one process each."""
    arms = {"plain": lambda index, new: plain(index), "other": lambda index, new: 0.2 + 0.002 * index}
    run = sampled(ENDLESS, arms, blocks=1, epochs=None, noise=0.02, slice_seconds=0.05)
    run.slices[:] = [
        replace(piece, epochs=[replace(epoch, cpu=cpu(piece.arm, epoch.wall)) for epoch in piece.epochs])
        for piece in run.slices
    ]
    return set(Projection(run, table(run)).trends)


def test_in_one_process_the_time_on_processors_rises_too():
    assert one_process() == {"other"}
    assert one_process(cpu=lambda arm, wall: 2 * wall) == {"other"}
    assert one_process(cpu=lambda arm, wall: 0.2 * wall) == {"other"}, "most of it is waited for"


def test_in_one_process_waiting_that_rises_is_load():
    assert one_process(cpu=lambda arm, wall: 0.05) == set()
    assert one_process(cpu=lambda arm, wall: 0.15 + 0.3 * (wall - 0.2)) == set()


def test_load_that_slows_another_arm_too_is_no_trend():
    waits = {"plain": 0.05}
    assert one_process(lambda index: 0.05 + 0.001 * index, cpu=waits.get) == set()
    assert one_process(lambda index: 0.05 + 0.001 * index) == {"plain", "other"}


def test_in_several_processes_time_on_processors_need_not_rise():
    """Where an accelerator computes."""
    arms = {"plain": lambda index, new: 0.05, "other": lambda index, new: 0.2 + 0.002 * index}
    run = sampled(ENDLESS, arms, blocks=2, epochs=None, noise=0.02, slice_seconds=0.05)
    run.slices[:] = [
        replace(piece, epochs=[replace(epoch, cpu=0.01) for epoch in piece.epochs]) for piece in run.slices
    ]
    assert set(Projection(run, table(run)).trends) == {"other"}

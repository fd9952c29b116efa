from math import ceil, sqrt
from unittest.mock import ANY

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from simulated import sampled

from harness.analysis.comparison.replication import FEWEST_ROUNDS, SPARE, STARTS, Scatter, adapt
from harness.analysis.comparison.stopping import look
from harness.analysis.stats.levels import MOST
from harness.plan.gate_rules import Gate
from harness.plan.plan import ROUNDS
from harness.record.schema import Look, LookReason
from harness.worker.wire.messages import Description, Segment

ENDLESS = Description(False, [])
GO_ON = Look(1, True, LookReason.NO_VERDICT_YET)


def run(blocks=2, seconds=8.0, description=ENDLESS, epochs=None, started="", **plan):
    """A run of two arms whose epochs take 5 ms, in turns of 0.2 s, with blocks that took some seconds."""
    plan = {"adapts": True, "slice_seconds": 0.1, "settling_seconds": 0.1} | plan
    costs = {"a": lambda index, new: 0.005, "b": lambda index, new: 0.005}
    found = sampled(description, costs, blocks=blocks, epochs=epochs, noise=0.01, **plan)
    found.blocks_done = [replace(end, seconds=seconds) for end in found.blocks_done]
    found.ready = [replace(ready, started=started) for ready in found.ready]
    return found


def rounds(within, by_block, **given):
    return adapt(GO_ON, run(**given), 10.0, [Scatter(within, by_block)]).rounds


def test_noise_between_processes_needs_blocks_and_noise_within_them_rounds():
    apart = [0.03, -0.03, 0.03, -0.03]
    alike = [0.001, -0.001, 0.001, -0.001]
    assert rounds(0.002, apart) == FEWEST_ROUNDS
    assert rounds(0.1, alike, seconds=8.0) == ROUNDS
    assert FEWEST_ROUNDS < rounds(0.03, alike, seconds=7.0) < ROUNDS


def test_blocks_that_cost_more_have_more_rounds():
    found = [rounds(0.03, [0.01, -0.01], seconds=seconds) for seconds in (5.5, 8.0, 20.0)]
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_the_first_two_blocks_have_all_rounds():
    assert rounds(0.002, [0.03], blocks=1) is None
    assert rounds(0.002, [0.03, -0.03], blocks=2) == FEWEST_ROUNDS


def test_what_is_done_once_in_a_run_is_no_part_of_the_price_of_a_block():
    """The first block starts all processes anew and counts operations, and the second may import for later ones."""
    found = [rounds(0.03, [0.01, -0.01], seconds=seconds, started="forked") for seconds in (8.0, 60.0)]
    assert found[0] == found[1]


def test_a_round_of_pairs_is_one_of_each_pair():
    one, two = run(seconds=8.0), run(seconds=16.0)
    two.slices = [replace(piece, group=group) for piece in two.slices for group in (0, 1)]
    scatters = [Scatter(0.03, [0.01, -0.01])]
    assert FEWEST_ROUNDS < adapt(GO_ON, one, 10.0, scatters).rounds < ROUNDS
    assert adapt(GO_ON, two, 10.0, scatters) == replace(adapt(GO_ON, one, 10.0, scatters), most=ANY)


def test_a_block_gets_no_longer_if_it_would_not_fit_then():
    """That it fits has been decided by how long shorter ones took."""
    noisy = [Scatter(0.1, [0.001, -0.001, 0.001])]
    short = run(blocks=3, seconds=4.0, rounds=FEWEST_ROUNDS, budget=60.0)
    short.add(replace(short.header, plan=replace(short.plan, rounds=ROUNDS)))
    short.add(Look(1, True, LookReason.NO_VERDICT_YET, rounds=FEWEST_ROUNDS))
    assert adapt(GO_ON, short, 20.0, noisy).rounds == ROUNDS
    assert adapt(GO_ON, short, 55.0, noisy).rounds == FEWEST_ROUNDS


@given(st.floats(0.001, 0.1), st.floats(0.004, 0.1), st.floats(0.1, 20.0), st.floats(0.05, 5.0), st.integers(30, 60))
def test_the_number_of_rounds_gives_the_most_certain_mean(within, between, of_block, of_round, known):
    """Of all numbers of rounds, it has nearly the least variance of the mean over a given time."""
    from harness.analysis.comparison import replication

    scatter = between * np.resize([1.0, -1.0], known)
    seen = sqrt(float(np.var(scatter, ddof=1)) + within**2 / ROUNDS)
    by_block = list(scatter * seen / float(np.std(scatter, ddof=1)))
    chosen = replication._find_optimum(replication._Prices(of_block, of_round, ROUNDS), Scatter(within, by_block))

    def variance(number):
        return (between**2 + within**2 / number) * (of_block + number * of_round)

    assert variance(chosen) <= 1.1 * min(variance(number) for number in np.geomspace(0.01, 1000, 400))


def test_the_number_of_blocks_is_what_fits_into_the_budget():
    def most(elapsed, **given):
        return adapt(GO_ON, run(fewest=3, started="forked", **given), elapsed).most

    price = STARTS + 12.5 * 0.4  # a turn takes 0.2 s, and a block has one round more to fill whole periods
    assert most(20.0, budget=60.0) == pytest.approx(2 + SPARE * 40 / price, rel=0.2)
    assert most(20.0, budget=120.0) == pytest.approx(2 + SPARE * 100 / price, rel=0.2)
    assert most(59.0, budget=60.0) == 3
    assert most(20.0, budget=6000.0) == MOST


def test_without_a_budget_quick_blocks_may_be_many_and_slow_ones_as_many_as_planned():
    assert adapt(GO_ON, run(started="forked"), 20.0).most > 12
    slow = run(seconds=200.0)
    slow.add(replace(slow.header, plan=replace(slow.plan, blocks=6)))
    assert adapt(GO_ON, slow, 400.0).most == 6


@pytest.mark.parametrize("seekable", [True, False])
def test_blocks_of_slow_epochs_do_not_get_shorter_by_fewer_rounds(seekable):
    """They have 24 epochs in however many rounds."""
    description = Description(seekable, [Segment("epoch", 0, 40_000)])
    costs = {"a": lambda index, new: 0.5, "b": lambda index, new: 0.5}
    slow = sampled(description, costs, blocks=2, epochs=None, adapts=True, slice_seconds=0.05, settling_seconds=0.01)
    slow.blocks_done = [replace(end, seconds=25.0) for end in slow.blocks_done]
    slow.add(replace(slow.header, plan=replace(slow.plan, blocks=3)))
    assert adapt(GO_ON, slow, 50.0, [Scatter(0.002, [0.03, -0.03])]).most == 2 + ceil(SPARE * 60 / 25)


def test_imports_for_later_blocks_are_no_part_of_their_price():
    seconds = [adapt(GO_ON, run(seconds=20.0, started=started), 50.0).most for started in ("fresh", "forked")]
    assert seconds[0] < seconds[1]


def test_the_number_of_blocks_is_chosen_once_before_any_verdict():
    assert adapt(GO_ON, run(blocks=1), 20.0).most is None
    assert adapt(GO_ON, run(blocks=3), 20.0).most is None
    chosen = run(blocks=2, budget=60.0)
    assert chosen.most == chosen.plan.blocks
    chosen.add(adapt(GO_ON, chosen, 20.0))
    chosen.add(Look(2, True, LookReason.UNSURE, rounds=5))
    assert chosen.most > chosen.plan.blocks


def test_a_run_that_does_not_adapt_keeps_its_plan():
    assert adapt(GO_ON, run(adapts=False), 20.0, [Scatter(0.01, [0.0, 0.1])]) == GO_ON
    end = Look(1, False, LookReason.BUDGET)
    assert adapt(end, run(), 20.0, [Scatter(0.01, [0.0, 0.1])]) == end


def test_blocks_that_train_to_their_end_stay_as_long():
    short = Description(False, [Segment("epoch", 0, 400)])
    long = Description(False, [Segment("epoch", 0, 40_000)])
    noisy = [Scatter(0.001, [0.03, -0.03])]
    assert adapt(GO_ON, run(description=short), 20.0, noisy).rounds is None
    assert adapt(GO_ON, run(description=long), 20.0, noisy).rounds == FEWEST_ROUNDS
    assert adapt(GO_ON, run(epochs=200), 20.0, noisy).rounds is None
    assert adapt(GO_ON, run(gate=Gate(())), 20.0, noisy).rounds is None
    assert adapt(GO_ON, run(), 20.0, []).rounds is None


SEEKS = Description(True, [Segment("epoch", 0, 40_000)])
LONG = Description(False, [Segment("epoch", 0, 40_000)])
KINDS = Description(False, [Segment("data", 0, 200), Segment("full", 200, 40_000)])


def costs_of(kind):
    return {
        "steady": lambda index, new: 0.002,
        "periodic": lambda index, new: 0.02 if index % 20 == 19 else 0.002,
        "stalls": lambda index, new: 0.06 if index in {40, 150, 290} else 0.002,
        "slower and slower": lambda index, new: 0.002 * (1 + index / 1000),
    }[kind]


@pytest.mark.parametrize(
    ("cost", "description", "all_rounds"),
    [
        ("steady", ENDLESS, False),
        ("steady", LONG, False),
        ("steady", SEEKS, False),
        ("periodic", LONG, False),
        ("stalls", LONG, True),
        ("stalls", ENDLESS, True),
        ("slower and slower", LONG, True),
        ("slower and slower", ENDLESS, True),
        ("steady", KINDS, True),
    ],
)
def test_blocks_get_no_shorter_if_shorter_ones_would_show_something_else(cost, description, all_rounds):
    """Three stalls in 480 epochs recur, and are projected; one or two in 200 are charged once, and cost nothing in a
    long training. Verdicts over many blocks would be sure of that."""
    arms = {"a": costs_of("steady"), "b": costs_of(cost)}
    turns = {"slice_seconds": 0.05, "settling_seconds": 0.01}
    found = sampled(description, arms, blocks=2, epochs=None, noise=0.01, adapts=True, fewest=3, **turns)
    found.add(replace(found.header, plan=replace(found.plan, blocks=6)))
    assert look(found, 10.0).rounds == (ROUNDS if all_rounds else FEWEST_ROUNDS)

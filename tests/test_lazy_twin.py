"""A training in JAX that reads its loss in every 50th epoch, next to the same one that reads it in each: no time of
either is lost or counted twice. What is checked holds on a machine of any speed."""

from itertools import groupby

import pytest
from paths import SUPPORT
from planned import planned

from harness.engine.session import measure
from harness.report.sections import notes
from harness.report.summarize import summarize

pytest.importorskip("jax")
pytestmark = pytest.mark.frameworks
FILE = SUPPORT / "planted" / "in_jax.py"
EAGER, LAZY = "Watched", "WatchedLazy"


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    plan = planned("compare", [f"{FILE}:{EAGER}", f"{FILE}:{LAZY}"], blocks=1, threads=1, epochs=120)
    return measure(plan, tmp_path_factory.mktemp("lazy") / "run", lambda event, record: None)


class Turn:
    """The slices of one turn: the last one has the time outside of all epochs."""

    def __init__(self, pieces):
        self.epochs = [epoch for piece in pieces for epoch in piece.epochs]
        self.arm, self.pending, self.between = pieces[0].arm, pieces[-1].pending, pieces[-1].between
        began = [epoch.losses["began"] for epoch in self.epochs]
        self.first, self.last = began[0], began[-1]
        """When the first and the last epoch began, by the clock of the program."""
        self.seconds = sum(epoch.wall for epoch in self.epochs) + self.between


@pytest.fixture(scope="module")
def turns(record):
    numbers, number = [], 0
    for piece in record.slices:
        numbers.append(number)
        number += piece.between is not None
    pieces = zip(numbers, record.slices, strict=True)
    return [Turn([piece for _, piece in own]) for _, own in groupby(pieces, key=lambda one: one[0])]


def test_epochs_and_what_is_between_them_are_the_wall_clock_of_the_turn(turns):
    assert {turn.arm for turn in turns} == {EAGER, LAZY}
    for turn in turns:
        assert turn.last - turn.first <= turn.seconds
    for before, turn, after in zip(turns, turns[1:], turns[2:], strict=False):
        assert turn.seconds <= after.first - before.last


def test_all_work_is_done_when_the_turn_of_another_begins(turns):
    assert all(turn.epochs[0].losses["ready"] for turn in turns)
    lazy = [turn for turn in turns if turn.arm == LAZY and len(turn.epochs) > 1]
    assert any(not epoch.losses["ready"] for turn in lazy for epoch in turn.epochs), "it runs ahead of its work"


def test_what_was_waited_for_is_part_of_the_epochs(turns):
    lazy, eager = (sum(turn.pending for turn in turns if turn.arm == arm) for arm in (LAZY, EAGER))
    assert lazy > eager
    for turn in turns:
        assert 0 <= turn.pending <= sum(epoch.wall for epoch in turn.epochs)


def test_epochs_are_marked_as_early_and_the_report_says_that_turns_were_timed(record):
    summary = summarize(record)
    eager, lazy = summary.arms
    assert (eager.pending_share, eager.name) == (None, EAGER)
    assert 0 < lazy.pending_share <= 1
    (said,) = notes.early(summary)
    assert said.startswith(f"The epochs of {LAZY} return before their work is done: ")
    assert said.endswith("So turns were timed as a whole, and the time of an epoch is its share of its turn.")
    early = [piece.early for piece in record.slices if piece.arm == LAZY and piece.pending and len(piece.epochs) > 1]
    assert sum(early) > len(early) / 2


def test_every_epoch_of_the_two_ran_once_and_their_losses_are_the_same(record):
    losses = {}
    for arm in (EAGER, LAZY):
        epochs = [epoch for piece in record.slices if piece.arm == arm for epoch in piece.epochs]
        assert [epoch.index for epoch in epochs] == list(range(len(epochs)))
        losses[arm] = {epoch.index: epoch.losses["loss"] for epoch in epochs if "loss" in epoch.losses}
    assert set(losses[LAZY]) == {index for index in losses[EAGER] if index % 50 == 0}
    assert all(losses[EAGER][index] == loss for index, loss in losses[LAZY].items())

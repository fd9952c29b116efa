"""What runs between operations is told by line, whether or not it lets other threads run."""

import inspect
import sys
from time import perf_counter
from types import SimpleNamespace

import numpy as np
import pytest

from harness.worker.probes import sampler
from harness.worker.probes.sampler import Sampled, Sampler, _Sample


def spin(seconds):
    until = perf_counter() + seconds
    while perf_counter() < until:
        pass


def line_of(function, text):
    lines, start = inspect.getsourcelines(function)
    return start + next(number for number, line in enumerate(lines) if text in line)


def told(found):
    """The seconds by the number of the line."""
    return {int(one.where.rpartition(":")[2]): one.seconds for one in found if one.where}


def test_lines_have_their_seconds_without_those_of_operations():
    sampler = Sampler()
    with sampler.watching("epoch"):
        start = perf_counter()
        spin(0.05)  # preparing
        began = perf_counter()
        spin(0.2)  # stands for an operation
        ended = perf_counter()
        spin(0.15)  # evaluating
        whole = perf_counter() - start
    found = sampler.between({"epoch": [(began, ended)]})["epoch"]
    assert sum(one.seconds for one in found) == pytest.approx(whole - (ended - began), rel=0.1)
    assert {one.text for one in found} >= {"while perf_counter() < until:"}


def test_a_call_that_lets_no_other_thread_run_counts_in_full():
    values = list(np.random.default_rng(0).random(300_000))

    def epoch():
        spin(0.03)
        values.sort(key=lambda value: -value)
        sorted(values)

    sampler = Sampler()
    with sampler.watching("epoch"):
        epoch()
    found = told(sampler.between({"epoch": []})["epoch"])
    slow = sum(found.get(line_of(epoch, text), 0.0) for text in ("values.sort", "sorted(values)"))
    assert slow > 0.5 * sum(found.values())


def test_what_harness_runs_around_operations_counts_as_the_program(monkeypatch):
    """Most samples fall there, where an operation lets other threads run."""

    class Frame:
        def __init__(self, path, back=None):
            self.f_code, self.f_back = SimpleNamespace(co_filename=path), back

    inner, outer = sampler.__file__, sampler.__file__.replace("sampler", "places")
    program = Frame("/home/someone/train.py")
    assert not sampler._is_ours(program)
    assert sampler._is_ours(Frame(inner, program))
    assert sampler._is_ours(Frame(inner, Frame(outer, program)))
    monkeypatch.setattr(sampler, "around", {outer})
    assert not sampler._is_ours(Frame(inner, Frame(outer, program)))
    assert not sampler._is_ours(Frame("/home/someone/library.py", Frame(inner, program)))


def test_too_few_samples_tell_nothing():
    sampler = Sampler()
    with sampler.watching("epoch"):
        pass
    assert sampler.between({"epoch": []}) == {}


def test_kinds_without_observed_operations_are_left_out():
    sampler = Sampler()
    with sampler.watching("epoch"):
        spin(0.05)
    assert sampler.between({}) == {}


def test_the_stacks_of_what_runs_outside_of_operations_are_told_in_order():
    epoch = Sampled("epoch", 3, [_Sample(1.0), _Sample(2.0, ("a",)), _Sample(3.0, ("b",), ours=True), _Sample(4.0)])
    assert list(epoch.find_outside([(1.2, 1.5), (1.4, 1.6), (3.5, 9.0)])) == [
        (1.0, 1.2, ("a",)),
        (1.6, 2.0, ("a",)),
        (3.0, 3.5, ()),
    ]


def test_epochs_are_kept_with_their_times():
    sampler = Sampler()
    for index in (4, 5):
        with sampler.watching("epoch", index):
            spin(0.01)
    first, second = sampler.epochs
    assert (first.index, second.index) == (4, 5)
    assert first.began < first.ended <= second.began < second.ended


def test_the_interpreter_is_left_as_it_was():
    before = sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError), Sampler().watching("epoch"):
        raise ZeroDivisionError
    assert sys.getswitchinterval() == before

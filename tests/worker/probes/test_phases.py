import threading

from hypothesis import given
from hypothesis import strategies as st

from harness import phase
from harness.interface import watch_phases
from harness.worker.probes.phases import UNMARKED, PhaseProbe, Place


class Clock:
    """A clock that advances only when set."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Gauge:
    """Simulated memory; its peak is since it was last read."""

    def __init__(self):
        self.now = self.peak = 10

    def use(self, amount):
        self.now = amount
        self.peak = max(self.peak, amount)

    def __call__(self):
        peak, self.peak = self.peak, self.now
        return peak


def watched(epoch, **how):
    """What an epoch took, by path: (calls, own time, total time, peak)."""
    probe = PhaseProbe(**how)
    watch_phases(probe)
    try:
        probe.begin()
        epoch()
        return {use.path: (use.calls, use.own, use.total, use.peak_rss_bytes) for use in probe.end()}
    finally:
        watch_phases(None)


def test_self_times_add_up_and_unmarked_time_is_the_epochs():
    clock = Clock()

    def epoch():
        clock.now += 1
        with phase("data"):
            clock.now += 2
        for _ in range(3):
            with phase("refine"):
                clock.now += 4
                with phase("pool"):
                    clock.now += 8
        clock.now += 16

    assert watched(epoch, clock=clock) == {
        UNMARKED: (1, 17, 55, None),
        "data": (1, 2, 2, None),
        "refine": (3, 12, 36, None),
        "refine > pool": (3, 24, 24, None),
    }


def test_a_phase_that_raises_ends():
    clock = Clock()

    def epoch():
        try:
            with phase("step"), phase("inner"):
                clock.now += 1
                raise ValueError
        except ValueError:
            clock.now += 2

    assert watched(epoch, clock=clock) == {
        UNMARKED: (1, 2, 3, None),
        "step": (1, 0, 1, None),
        "step > inner": (1, 1, 1, None),
    }


def test_open_phases_end_with_the_epoch_and_earlier_ones_are_not_its_own():
    clock = Clock()

    def epoch():
        probe_like = phase("step")
        probe_like.__enter__()
        clock.now += 1
        phase("never entered").__exit__(None, None, None)

    assert watched(epoch, clock=clock) == {UNMARKED: (1, 0, 1, None), "step": (1, 1, 1, None)}


def test_peak_memory_is_that_of_the_phase_and_of_those_around_it():
    gauge = Gauge()

    def epoch():
        gauge.use(20)
        with phase("refine"):
            gauge.use(30)
            with phase("pool"):
                gauge.use(230)
                gauge.use(30)
            gauge.use(25)
        with phase("host"):
            gauge.use(26)

    found = watched(epoch, clock=Clock(), peak_since=gauge)
    assert {path: use[3] for path, use in found.items()} == {
        UNMARKED: 230,
        "refine": 230,
        "refine > pool": 230,
        "host": 26,
    }


def test_measures_nothing_outside_an_epoch():
    probe = PhaseProbe()
    probe.enter("data")
    probe.leave("data")
    assert probe.end() == []


trees = st.recursive(
    st.floats(0, 10), lambda inner: st.lists(st.tuples(st.sampled_from("abc"), inner), max_size=4), max_leaves=20
)


@given(trees)
def test_self_times_add_up_to_the_epoch_for_any_nesting(tree):
    clock = Clock()

    def run(part):
        if isinstance(part, float):
            clock.now += part
            return
        for name, inner in part:
            with phase(name):
                run(inner)

    began = clock.now
    found = watched(lambda: run(tree), clock=clock)
    assert abs(sum(own for _, own, _, _ in found.values()) - (clock.now - began)) < 1e-9
    assert abs(found[UNMARKED][2] - (clock.now - began)) < 1e-9


def test_a_phase_may_be_named_like_a_path():
    clock = Clock()

    def epoch():
        with phase("a > b"):
            clock.now += 1
        clock.now += 2

    assert watched(epoch, clock=clock) == {UNMARKED: (1, 2, 3, None), "a > b": (1, 1, 1, None)}


def test_phases_of_other_threads_are_ignored():
    clock = Clock()

    def prefetch():
        with phase("data"):
            pass

    def epoch():
        with phase("step"):
            other = threading.Thread(target=prefetch)
            other.start()
            other.join()
            clock.now += 1
        clock.now += 2

    assert watched(epoch, clock=clock) == {UNMARKED: (1, 2, 3, None), "step": (1, 1, 1, None)}


def test_a_phase_ends_with_its_parent():
    clock = Clock()

    def epoch():
        outer, inner = phase("outer"), phase("inner")
        outer.__enter__()
        inner.__enter__()
        clock.now += 1
        outer.__exit__()
        clock.now += 2
        inner.__exit__()
        with phase("step"):
            clock.now += 4

    assert watched(epoch, clock=clock) == {
        UNMARKED: (1, 2, 7, None),
        "outer": (1, 0, 1, None),
        "outer > inner": (1, 1, 1, None),
        "step": (1, 4, 4, None),
    }


def test_place_is_the_path_of_active_phases_in_its_thread():
    place = Place()
    watch_phases(place)
    try:
        with phase("refine"), phase("pool"):
            assert place.path() == "refine > pool"
            other = threading.Thread(target=phase("data").__enter__)
            other.start()
            other.join()
            assert place.path() == "refine > pool"
        phase("never entered").__exit__()
        assert place.path() == UNMARKED
    finally:
        watch_phases(None)

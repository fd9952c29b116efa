import pytest
from epochs import epoch_of
from simulated import DATA, record

from harness.analysis.profile.charges import Charge
from harness.analysis.profile.facts import (
    Arithmetic,
    Dominating,
    Growing,
    Heavy,
    HostBound,
    MoreOperations,
    OpByOp,
    OutsideOperations,
    Recompiled,
    Retraced,
    SpareOptimizers,
    Unweighted,
)
from harness.analysis.profile.few_threads import FewThreads
from harness.analysis.profile.growth import Growth
from harness.analysis.profile.more_operations import Rise
from harness.analysis.profile.phases import Phase
from harness.analysis.profile.rules import MOST, Evidence, findings
from harness.analysis.profile.spare_optimizers import spare_optimizers
from harness.analysis.profile.started import Starting
from harness.analysis.profile.tracings import Compiled, Traced
from harness.record.schema import Work
from harness.worker.wire.evidence import (
    AFTER_BREAK,
    Between,
    Caller,
    Capture,
    Cause,
    LineUse,
    OneByOne,
    OptimizerUse,
    Timed,
    Trace,
    Variables,
)

FIRST = Cause("first", "its first tracing")
VARIABLES = Cause("variables", "it creates variables, so its first call traces it twice")
SHAPE = Cause("shape", "argument x: shape (8,) -> (9,)", "pad it")
CLEAN = Evidence(
    epochs=[epoch_of(index, DATA, 0.1, 0.1, {}) for index in range(100)],
    traced=[Traced(function="step", where="x.py:3", cause=FIRST, times=1, seconds=5.0)],
    compiled=[Compiled(function="step", where="x.py:3", times=1, silent=0, seconds=2.0)],
    phases=[
        Phase(kind=DATA, path="step", calls=1.0, own_seconds=0.09, total_seconds=0.09, share=0.9, peak_rss_bytes=None),
        Phase(kind=DATA, path="", calls=1.0, own_seconds=0.01, total_seconds=0.1, share=0.1, peak_rss_bytes=None),
    ],
    growths={DATA: Growth("steady"), "full": Growth("warm-up")},
)


def evidence(**changes):
    return Evidence(**{name: getattr(CLEAN, name) for name in Evidence.__dataclass_fields__} | changes)


def test_no_findings_for_a_clean_trainer():
    assert findings(CLEAN) == []
    assert findings(Evidence(epochs=[], traced=[], compiled=[], phases=[], growths={})) == []


def test_reports_a_retrace_with_cause_cost_and_advice():
    traced = [
        *CLEAN.traced,
        Traced(function="step", where="x.py:3", cause=SHAPE, times=14, seconds=1.5, again=2, charge=Charge(2.5, 2.5)),
    ]
    (found,) = findings(evidence(traced=traced))
    assert (found.fact, found.charge) == (Retraced(traced[1], 100), Charge(2.5, 2.5))
    assert (found.rule, found.seconds, found.share) == ("retraced", 2.5, pytest.approx(0.25))
    assert found.most_share is None


@pytest.mark.parametrize(("most", "share"), [(9.0, pytest.approx(0.9)), (None, None)])
def test_cost_is_bounded_if_every_epoch_traced(most, share):
    charge = Charge(2.5, most, (DATA,))
    one = Traced(function="step", where="x.py:3", cause=SHAPE, times=14, seconds=1.5, again=9, charge=charge)
    (found,) = findings(evidence(traced=[one]))
    assert (found.seconds, found.share, found.most_share) == (2.5, pytest.approx(0.25), share)


def test_groups_many_epochs_tracing_different_functions():
    def found(number):
        traced = [
            Traced(
                function=f"lambdified{i}",
                where=f"<made {i}>:1",
                cause=FIRST,
                times=1,
                seconds=0.01,
                epochs=(i,),
                again=1,
                charge=Charge(0.02 + i / 1e4, 0.02 + i / 1e4),
            )
            for i in range(number)
        ]
        return findings(evidence(traced=traced))

    assert found(24) == []
    (one,) = found(30)
    assert one.rule == "retraced"
    fact = one.fact
    assert (fact.tracing, fact.epochs, fact.functions, fact.costliest.function) == (30, 100, 30, "lambdified29")
    assert (one.seconds, one.share) == (pytest.approx(0.6435), pytest.approx(0.06435))


def test_a_dependent_trace_is_reported_with_its_cause_only():
    follows = Traced(function="step", where="x.py:3", cause=VARIABLES, times=14, seconds=1.5, again=9)
    again = Traced(
        function="step", where="x.py:3", cause=SHAPE, times=14, seconds=1.5, again=9, charge=Charge(3.0, 3.0)
    )
    (found,) = findings(evidence(traced=[follows, again]))
    assert found.fact.trace == again


def test_does_not_flag_retraces_in_first_epochs_only():
    for epochs, later, cost in (((0,), 0, None), ((0, 9), 1, Charge(2.0, 2.0))):
        assert (
            findings(
                evidence(
                    traced=[
                        Traced(
                            function="network",
                            where="x.py:3",
                            cause=SHAPE,
                            times=3,
                            seconds=2.5,
                            epochs=epochs,
                            again=later,
                            phases=(),
                            charge=cost,
                        )
                    ]
                )
            )
            == []
        )
    assert (
        findings(
            evidence(
                compiled=[
                    Compiled(function="step", where="x.py:3", times=4, silent=3, seconds=2.0, epochs=(0, 9), again=1)
                ]
            )
        )
        == []
    )


def test_an_untimed_trace_is_reported_by_its_epochs_time():
    (found,) = findings(
        evidence(
            traced=[
                Traced(
                    function="step",
                    where="x.py:3",
                    cause=None,
                    times=14,
                    seconds=None,
                    again=9,
                    charge=Charge(2.5, 2.5),
                )
            ]
        )
    )
    assert found.seconds == 2.5


def test_reports_a_compilation_without_a_trace():
    own = Compiled(
        function="step",
        where="x.py:3",
        times=4,
        silent=3,
        seconds=2.0,
        again=2,
        charge=Charge(1.5, 1.5),
        compiler="XLA",
    )
    (found,) = findings(evidence(compiled=[own]))
    assert (found.rule, found.fact, found.seconds) == ("recompiled", Recompiled(own), 1.5)


@pytest.mark.parametrize(
    ("path", "seconds", "count"),
    [
        ("weights", 0.04, 1),
        ("weights", 0.02, 0),
        ("", 0.04, 0),
        ("step", 0.04, 0),
        ("step > inner", 0.04, 0),
        ("train_batch", 0.04, 0),
        ("Optimiser", 0.04, 0),
    ],
)
def test_names_an_expensive_phase_outside_the_step(path, seconds, count):
    rest = Phase(
        kind=DATA,
        path="step",
        calls=1.0,
        own_seconds=0.1 - seconds,
        total_seconds=0.1 - seconds,
        share=1 - 10 * seconds,
        peak_rss_bytes=None,
    )
    found = findings(
        evidence(
            phases=[
                rest,
                Phase(
                    kind=DATA,
                    path=path,
                    calls=1.0,
                    own_seconds=seconds,
                    total_seconds=seconds,
                    share=10 * seconds,
                    peak_rss_bytes=None,
                ),
            ]
        )
    )
    assert len(found) == count
    if count:
        fact = found[0].fact
        assert (fact.phase.path, fact.phase.kind, fact.share, fact.also) == ("weights", DATA, pytest.approx(0.4), ())
        assert found[0].seconds == pytest.approx(4.0)


def test_names_the_inner_of_nested_phases_if_it_dominates():
    def found(inner):
        return findings(
            evidence(
                phases=[
                    Phase(
                        kind=DATA,
                        path="step",
                        calls=1.0,
                        own_seconds=0.06,
                        total_seconds=0.06,
                        share=0.6,
                        peak_rss_bytes=None,
                    ),
                    Phase(
                        kind=DATA,
                        path="weights",
                        calls=1.0,
                        own_seconds=0.04 - inner,
                        total_seconds=0.04,
                        share=0.4 - 10 * inner,
                        peak_rss_bytes=None,
                    ),
                    Phase(
                        kind=DATA,
                        path="weights > solve",
                        calls=1.0,
                        own_seconds=inner,
                        total_seconds=inner,
                        share=10 * inner,
                        peak_rss_bytes=None,
                    ),
                ]
            )
        )

    assert [one.fact.phase.path for one in found(0.01)] == ["weights"]
    assert [one.fact.phase.path for one in found(0.035)] == ["weights > solve"]


def test_names_the_part_with_most_arithmetic():
    parts = {"early": {"data": 1e11}, DATA: {"physics/integral": 9e9, "": 0.5e9, "data": 0.5e9}}
    (found,) = findings(evidence(parts=parts))
    assert found.fact == Arithmetic(DATA, "physics/integral", 9e9, 1e10, None)
    assert found.seconds == pytest.approx(9.0)
    assert findings(evidence(parts=parts, times={DATA: {"physics/integral": 0.3, "data": 0.7}})) == []
    (timed,) = findings(evidence(parts=parts, times={DATA: {"physics/integral": 0.6, "data": 0.4}}))
    assert timed.fact.time_share == 0.6
    assert timed.seconds == pytest.approx(6.0)
    assert findings(evidence(parts={DATA: {"a": 1.0, "b": 1.0, "c": 1.0}})) == []
    assert findings(evidence(parts={DATA: {"": 3.0}})) == []


def test_reports_large_training_costs_even_if_the_run_mostly_compiled():
    compiling = [
        epoch_of(0, DATA, 60.0, 60.0, {}, first=True),
        *[epoch_of(i, DATA, 0.002, 0.002, {}) for i in range(1, 300)],
    ]
    weights = Phase(
        kind=DATA, path="weights", calls=1.0, own_seconds=0.0008, total_seconds=0.0008, share=0.4, peak_rss_bytes=None
    )
    (found,) = findings(
        evidence(
            epochs=compiling,
            phases=[
                weights,
                Phase(
                    kind=DATA,
                    path="",
                    calls=1.0,
                    own_seconds=0.0012,
                    total_seconds=0.002,
                    share=0.6,
                    peak_rss_bytes=None,
                ),
            ],
        )
    )
    assert (found.rule, found.share) == ("heavy", pytest.approx(0.4))


def test_kinds_are_weighted_by_the_schedule():
    epochs = [epoch_of(index, kind, 0.1, 0.1, {}) for kind in (DATA, "rare") for index in range(10)]
    phases = [
        Phase(kind="rare", path=path, calls=1.0, own_seconds=0.05, total_seconds=0.05, share=0.5, peak_rss_bytes=None)
        for path in ("step", "weights")
    ]
    (found,) = findings(evidence(epochs=epochs, phases=phases, traced=[], schedule={DATA: 90, "rare": 10}))
    assert (found.seconds, found.share) == (pytest.approx(0.5), pytest.approx(0.05))
    assert findings(evidence(epochs=epochs, phases=phases, traced=[], schedule={DATA: 9990, "rare": 10})) == []


def test_reports_growth_with_its_interval():
    growth = Growth("growing", 3.1e6, 2.9e6, 3.3e6, {"pool": 12.0})
    (found,) = findings(evidence(growths={DATA: growth}))
    assert (found.rule, found.fact, found.seconds) == ("growing", Growing(DATA, growth), None)


def test_at_most_five_findings_sorted_by_cost_without_cheap_ones():
    traced = [
        Traced(
            function=f"f{cost}", where="x.py:3", cause=SHAPE, times=2, seconds=cost, again=2, charge=Charge(cost, cost)
        )
        for cost in (0.01, 0.5, 3.0, 1.0, 2.0, 4.0)
    ]
    found = findings(evidence(traced=traced))
    assert len(found) == MOST
    assert [one.seconds for one in found] == [4.0, 3.0, 2.0, 1.0, 0.5]
    found = findings(evidence(traced=traced, growths={DATA: Growth("growing", 3.1e6, 2.9e6, 3.3e6)}))
    assert len(found) == MOST
    assert [one.seconds for one in found] == [4.0, 3.0, 2.0, 1.0, None]
    few = findings(evidence(traced=traced[:2], growths={DATA: Growth("growing", 3.1e6, 2.9e6, 3.3e6)}))
    assert [one.rule for one in few] == ["retraced", "growing"]


def test_collects_evidence_from_a_record():
    found = Evidence.of(record({"a": {DATA: 1.0}}), "a")
    assert found.epochs
    assert found.seconds > 0
    assert (found.traced, found.compiled, found.phases, found.growths) == ([], [], [], {})


def test_reports_a_zero_weight_term_with_its_share_of_the_schedule():
    epochs = [
        epoch_of(index, DATA, 0.1, 0.1, {"loss": 1 / (1 + index), "data": 1 / (1 + index), "physics": float(index**2)})
        for index in range(10)
    ]
    parts = {DATA: {"physics/integral": 1.0, "data": 1.5, "optimizer": 1.5}}
    (found,) = findings(
        Evidence(
            epochs=epochs,
            traced=[],
            compiled=[],
            phases=[],
            growths={},
            parts=parts,
            times={},
            schedule={DATA: 3, "full": 7},
        )
    )
    assert found.rule == "unweighted"
    assert found.fact == Unweighted("physics", (DATA,), 0.3, pytest.approx(0.25), pytest.approx(1.0))
    assert found.seconds == pytest.approx(0.25)


def test_reports_a_phase_expensive_in_several_kinds_once():
    phases = [
        Phase(kind=kind, path=path, calls=1.0, own_seconds=0.05, total_seconds=0.05, share=0.5, peak_rss_bytes=None)
        for kind in (DATA, "full")
        for path in ("step", "data")
    ]
    (found,) = findings(evidence(phases=phases))
    assert found.fact == Heavy(phases[1], 0.5, ("full",))


def test_one_tracing_epoch_does_not_dominate_a_kind():
    """A kind of 0.1 s an epoch, of which one took 100 s, beside one of 0.3 s."""
    epochs = [
        epoch_of(index, kind, wall, wall, {}) for kind, wall in ((DATA, 0.1), ("full", 0.3)) for index in range(10)
    ]
    epochs[5] = epoch_of(5, DATA, 100.0, 100.0, {}, traces=[Trace("step", "x.py:3", 99.0)])
    phases = [
        Phase(kind="full", path=path, calls=1.0, own_seconds=0.15, total_seconds=0.15, share=0.5, peak_rss_bytes=None)
        for path in ("step", "weights")
    ]
    (found,) = findings(evidence(epochs=epochs, phases=phases, traced=[], compiled=[]))
    assert (found.seconds, found.share) == (pytest.approx(1.5), pytest.approx(1.5 / 4))


@pytest.mark.parametrize(("idle", "told"), [(0.49, False), (0.5, True), (0.9, True)])
def test_an_accelerator_that_mostly_waits_is_found(idle, told):
    found = findings(evidence(waiting={DATA: (idle, "CUDA")}))
    assert [one.fact for one in found] == [HostBound(DATA, idle, "CUDA")] * told
    assert [one.share for one in found] == [pytest.approx(idle)] * told


@pytest.mark.parametrize(("epochs", "told"), [(1.0, 1), (0.6, 1), (0.2, 0)])
def test_reports_lines_that_start_processes_in_most_epochs(epochs, told):
    one = Starting(DATA, "train.py:9", "for x in loader:", epochs, 2 * epochs, 0.4)
    found = findings(evidence(starting=[one]))
    assert [each.fact for each in found] == [one] * told


@pytest.mark.parametrize(("busy", "told"), [(0.98, 1), (1.9, 0)])
def test_reports_few_threads_where_no_more_processors_compute(busy, told):
    fact = FewThreads("TensorFlow", 1, 2, "train.py:4", busy)
    assert [one.fact for one in findings(evidence(few_threads=[fact]))] == [fact] * told


@pytest.mark.parametrize(("spare", "told"), [(2_000_000, 1), (900_000, 0)])
def test_reports_optimizers_that_keep_the_same_if_that_is_large(spare, told):
    use = OptimizerUse("Adam", 2, spare // 2, 2 * spare, spare, "train.py:4", "Adam()")
    run = record({DATA: {DATA: 0.1}})
    run.add(Work(block=0, group=0, arm=DATA, flops={}, variables=Variables(1, 2, [use])))
    found = findings(Evidence.of(run, DATA))
    assert [one.fact for one in found if one.rule == "spare optimizers"] == [SpareOptimizers(use)] * told
    without = record({DATA: {DATA: 0.1}})
    without.add(Work(block=0, group=0, arm=DATA, flops={}, variables=Variables(1, 2)))
    assert spare_optimizers(without, DATA) == []


WAY = Caller("birth.py:35", "f = density(grid)", 9e6, 0.07)
HEAVY_LINE = LineUse("net.py:62", "y = tanh(x @ w)", 1e7, [WAY], 0.08)
LIGHT_LINE = LineUse("train.py:9", "opt.step()", 0.0, [], 0.01)


def lined(*uses, wall=0.1, between=()):
    busy = sum(use.seconds for use in uses)
    return evidence(
        lines={DATA: list(uses)}, timed={DATA: Timed(wall, busy)}, between={DATA: list(between)} if between else {}
    )


def test_reports_the_line_that_takes_most_of_an_epoch():
    (found,) = findings(lined(HEAVY_LINE, LIGHT_LINE))
    assert found.rule == "line"
    assert found.fact == Dominating(DATA, HEAVY_LINE, WAY, pytest.approx(0.8), 1.0)
    assert found.share == pytest.approx(0.8)


def test_a_line_without_a_main_way_is_named_alone():
    ways = [Caller("a.py:1", "", 5e6, 0.03), Caller("a.py:2", "", 4e6, 0.03)]
    (found,) = findings(lined(HEAVY_LINE._replace(callers=ways)))
    assert found.fact.way is None


def test_no_line_is_named_if_none_takes_most_or_it_is_not_known():
    half = LIGHT_LINE._replace(seconds=0.04)
    assert findings(lined(half, half)) == []
    assert findings(lined(HEAVY_LINE._replace(where=""))) == []
    assert findings(lined(HEAVY_LINE, wall=1.0)) == []


@pytest.mark.parametrize(("operations", "of", "reported"), [(400, 410, True), (99, 99, False), (400, 900, False)])
def test_reports_operations_that_run_one_by_one(operations, of, reported):
    counts = OneByOne(operations, of)
    found = findings(evidence(one_by_one={DATA: counts}))
    assert [one.fact for one in found] == ([OpByOp(DATA, counts)] if reported else [])


def test_reports_a_line_that_runs_while_no_operation_does():
    sorts = Between("train.py:3", "x = np.sort(x)", 0.072)
    (found,) = findings(lined(LIGHT_LINE, between=[sorts, Between("train.py:9", "opt.step()", 0.018)]))
    assert found.rule == "outside operations"
    assert found.fact == OutsideOperations(DATA, sorts, pytest.approx(0.72))


def test_time_between_operations_that_is_short_or_of_no_known_line_is_left_out():
    sorts = Between("train.py:3", "x = np.sort(x)", 0.016)
    assert [one.rule for one in findings(lined(HEAVY_LINE, between=[sorts]))] == ["line"]
    assert findings(lined(LIGHT_LINE, between=[sorts._replace(where="", seconds=0.08)])) == []


def test_reports_epochs_that_run_more_and_more_operations():
    rise = Rise(per_epoch=12.0, first=1, last=4, first_count=310, last_count=346)
    (found,) = findings(evidence(rises={DATA: rise}))
    assert (found.rule, found.fact, found.seconds) == ("more operations", MoreOperations(DATA, rise), None)


def test_a_function_of_which_nothing_is_captured_is_not_also_reported_as_broken():
    at = Cause("break", "why")
    names = ("step", f"step{AFTER_BREAK}9", "other", f"other{AFTER_BREAK}4")
    traces = [Trace(name, "x.py:3", 1.0, FIRST, capture=Capture(0, at)) for name in names[:2]]
    epochs = [epoch_of(0, DATA, 1.0, 1.0, {}, first=True, traces=traces), *CLEAN.epochs[1:]]
    traced = [Traced(function=name, where="x.py:3", cause=FIRST, times=1, seconds=1.0) for name in names]
    found = findings(evidence(epochs=epochs, traced=traced))
    assert [(one.rule, one.fact.function) for one in found] == [("uncaptured", "step"), ("broken", "other")]

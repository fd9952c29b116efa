from dataclasses import replace

import pytest
from epochs import epoch_of
from simulated import DATA, record

from harness.analysis.profile.charges import Charge
from harness.analysis.profile.growth import Growth
from harness.analysis.profile.phases import Phase
from harness.analysis.profile.rules import MOST, Evidence, findings
from harness.analysis.profile.tracings import Compiled, Traced
from harness.worker.wire.evidence import Cause, Trace

FIRST = Cause("first", "its first tracing")
VARIABLES = Cause("variables", "it creates variables, so its first call traces it twice")
SHAPE = Cause("shape", "argument x: shape (8,) -> (9,)", "pad it")
CLEAN = Evidence(
    [epoch_of(index, DATA, 0.1, 0.1, {}) for index in range(100)],
    [Traced("step", "x.py:3", FIRST, 1, 5.0)],
    [Compiled("step", "x.py:3", 1, 0, 2.0)],
    [Phase(DATA, "step", 1.0, 0.09, 0.09, 0.9, None), Phase(DATA, "", 1.0, 0.01, 0.1, 0.1, None)],
    {DATA: Growth("steady"), "full": Growth("warm-up")},
)


def evidence(**changes):
    return Evidence(**{name: getattr(CLEAN, name) for name in Evidence.__dataclass_fields__} | changes)


def test_who_is_clean_is_accused_of_nothing():
    assert findings(CLEAN) == []
    assert findings(Evidence([], [], [], [], {})) == []


def test_a_retrace_is_told_with_its_cause_its_cost_and_what_to_do():
    traced = [*CLEAN.traced, Traced("step", "x.py:3", SHAPE, 14, 1.5, again=2, charge=Charge(2.5, 2.5))]
    (found,) = findings(evidence(traced=traced))
    assert found.text == (
        "step (x.py:3) was traced 14 times more in 100 epochs: argument x: shape (8,) -> (9,)."
        " That took 2.50 s, 25 % of the time of all epochs. Pad it."
    )
    assert (found.rule, found.seconds, found.share) == ("retraced", 2.5, pytest.approx(0.25))


def test_where_every_epoch_traced_its_cost_has_bounds_or_is_the_least():
    def told(charge):
        (found,) = findings(evidence(traced=[Traced("step", "x.py:3", SHAPE, 14, 1.5, again=9, charge=charge)]))
        return found.text.partition("That took ")[2]

    assert told(Charge(2.5, 9.0, (DATA,))) == (
        "25 % to 90 % of the time of all epochs (2.50 s to 9.00 s): from tracing alone to everything but"
        " the operations, since every epoch of kind data traced or compiled. Pad it."
    )
    assert told(Charge(2.5, None, ("epoch",))) == (
        "at least 2.50 s, 25 % of the time of all epochs; first runs of new graphs add to that, but cannot be"
        " separated from their work, since every epoch traced or compiled. Pad it."
    )


@pytest.mark.parametrize(
    ("cause", "where", "why", "advice"),
    [
        (VARIABLES, "x.py:3", VARIABLES.text, "Look at x.py:3 for what creates it again."),
        (FIRST, "x.py:3", "each time as a new function", "Look at x.py:3 for what creates it again."),
        (None, "x.py:3", "the cause was not observed", "Look at x.py:3."),
        (None, "?", "the cause was not observed", "Look for what calls step."),
    ],
)
def test_a_cause_without_advice_is_told_with_where_to_look(cause, where, why, advice):
    traced = [Traced("step", where, cause, 14, 1.5, again=9, charge=Charge(2.5, 2.5))]
    (found,) = findings(evidence(traced=traced))
    assert f"in 100 epochs: {why}. That took 2.50 s, 25 %" in found.text
    assert found.text.endswith(advice)


def test_epochs_that_each_trace_another_function_are_told_together_if_there_are_many():
    def found(number):
        traced = [
            Traced(
                f"lambdified{i}",
                f"<made {i}>:1",
                FIRST,
                1,
                0.01,
                (i,),
                1,
                charge=Charge(0.02 + i / 1e4, 0.02 + i / 1e4),
            )
            for i in range(number)
        ]
        return findings(evidence(traced=traced))

    assert found(24) == []
    (one,) = found(30)
    assert one.rule == "retraced"
    assert one.text.startswith(
        "30 of 100 epochs trace something new, 30 functions or causes in all. The costliest is lambdified29"
        " (<made 29>:1): each time as a new function. That took 644 ms, 6.4 % of the time of all epochs."
    )


def test_what_follows_from_another_tracing_is_told_with_that_one_only():
    follows = Traced("step", "x.py:3", VARIABLES, 14, 1.5, again=9)
    again = Traced("step", "x.py:3", SHAPE, 14, 1.5, again=9, charge=Charge(3.0, 3.0))
    (found,) = findings(evidence(traced=[follows, again]))
    assert SHAPE.text in found.text


def test_what_is_traced_or_compiled_again_in_first_epochs_only_is_not_told():
    for epochs, later, cost in (((0,), 0, None), ((0, 9), 1, Charge(2.0, 2.0))):
        assert findings(evidence(traced=[Traced("network", "x.py:3", SHAPE, 3, 2.5, epochs, later, (), cost)])) == []
    assert findings(evidence(compiled=[Compiled("step", "x.py:3", 4, 3, 2.0, (0, 9), 1)])) == []


def test_a_tracing_without_a_time_is_told_by_what_its_epochs_took():
    (found,) = findings(evidence(traced=[Traced("step", "x.py:3", None, 14, None, again=9, charge=Charge(2.5, 2.5))]))
    assert found.seconds == 2.5


def test_a_compilation_that_nothing_announces_is_told():
    own = Compiled("step", "x.py:3", 4, 3, 2.0, again=2, charge=Charge(1.5, 1.5), compiler="XLA")
    (found,) = findings(evidence(compiled=[own]))
    assert (found.rule, found.seconds) == ("recompiled", 1.5)
    assert found.text == (
        "XLA compiled step (x.py:3) 4 times, 3 of them for another shape without any trace."
        " That took 1.50 s, 15 % of the time of all epochs. Keep the shapes fixed."
    )
    (found,) = findings(evidence(compiled=[replace(own, compiler="")]))
    assert found.text.startswith("A compiler compiled step (x.py:3) 4 times")


@pytest.mark.parametrize(
    ("path", "seconds", "told"),
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
def test_a_phase_that_takes_much_is_named_unless_it_is_of_the_step(path, seconds, told):
    rest = Phase(DATA, "step", 1.0, 0.1 - seconds, 0.1 - seconds, 1 - 10 * seconds, None)
    found = findings(evidence(phases=[rest, Phase(DATA, path, 1.0, seconds, seconds, 10 * seconds, None)]))
    assert len(found) == told
    if told:
        assert found[0].text == "The phase weights takes 40 % of an epoch of kind data: 40.0 ms."
        assert found[0].seconds == pytest.approx(4.0)


def test_of_phases_in_each_other_the_inner_one_is_named_if_it_has_most_of_it():
    def found(inner):
        return findings(
            evidence(
                phases=[
                    Phase(DATA, "step", 1.0, 0.06, 0.06, 0.6, None),
                    Phase(DATA, "weights", 1.0, 0.04 - inner, 0.04, 0.4 - 10 * inner, None),
                    Phase(DATA, "weights > solve", 1.0, inner, inner, 10 * inner, None),
                ]
            )
        )

    assert [one.text.split()[2] for one in found(0.01)] == ["weights"]
    assert [one.text.split()[2:5] for one in found(0.035)] == [["weights", ">", "solve"]]


def test_a_part_that_has_most_of_the_arithmetic_is_named():
    parts = {"early": {"data": 1e11}, DATA: {"physics/integral": 9e9, "": 0.5e9, "data": 0.5e9}}
    (found,) = findings(evidence(parts=parts))
    assert found.text == (
        "90 % of the arithmetic of an epoch of kind data is in physics/integral: 9.00 GFLOP of 10.0 GFLOP."
    )
    assert found.seconds == pytest.approx(9.0)
    assert findings(evidence(parts=parts, times={DATA: {"physics/integral": 0.3, "data": 0.7}})) == []
    (timed,) = findings(evidence(parts=parts, times={DATA: {"physics/integral": 0.6, "data": 0.4}}))
    assert timed.text.endswith("9.00 GFLOP of 10.0 GFLOP, and 60 % of the time of its operations.")
    assert timed.seconds == pytest.approx(6.0)
    assert findings(evidence(parts={DATA: {"a": 1.0, "b": 1.0, "c": 1.0}})) == []
    assert findings(evidence(parts={DATA: {"": 3.0}})) == []


def test_what_takes_much_of_a_training_is_told_though_the_run_mostly_compiled():
    compiling = [
        epoch_of(0, DATA, 60.0, 60.0, {}, first=True),
        *[epoch_of(i, DATA, 0.002, 0.002, {}) for i in range(1, 300)],
    ]
    weights = Phase(DATA, "weights", 1.0, 0.0008, 0.0008, 0.4, None)
    (found,) = findings(evidence(epochs=compiling, phases=[weights, Phase(DATA, "", 1.0, 0.0012, 0.002, 0.6, None)]))
    assert (found.rule, found.share) == ("heavy", pytest.approx(0.4))


def test_kinds_count_as_often_as_the_schedule_has_them():
    epochs = [epoch_of(index, kind, 0.1, 0.1, {}) for kind in (DATA, "rare") for index in range(10)]
    phases = [Phase("rare", path, 1.0, 0.05, 0.05, 0.5, None) for path in ("step", "weights")]
    (found,) = findings(evidence(epochs=epochs, phases=phases, traced=[], schedule={DATA: 90, "rare": 10}))
    assert (found.seconds, found.share) == (pytest.approx(0.5), pytest.approx(0.05))
    assert findings(evidence(epochs=epochs, phases=phases, traced=[], schedule={DATA: 9990, "rare": 10})) == []


def test_growth_is_told_with_its_interval():
    (found,) = findings(evidence(growths={DATA: Growth("growing", 3.1e6, 2.9e6, 3.3e6)}))
    text = "Memory grows by 3.10 MB an epoch [2.90 MB, 3.30 MB], in epochs of kind data: "
    assert found.text == text + "something keeps what each epoch creates."
    (found,) = findings(evidence(growths={DATA: Growth("growing", 3.1e6, 2.9e6, 3.3e6, {"pool": 12.0})}))
    assert found.text == text + "the sizes that the trainer reports grow as well, pool by 12.0 an epoch."


def test_the_costliest_come_first_what_costs_little_is_left_out_and_there_are_five_at_most():
    traced = [
        Traced(f"f{cost}", "x.py:3", SHAPE, 2, cost, again=2, charge=Charge(cost, cost))
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


def test_evidence_is_gathered_from_a_record():
    found = Evidence.of(record({"a": {DATA: 1.0}}), "a")
    assert found.epochs
    assert found.seconds > 0
    assert (found.traced, found.compiled, found.phases, found.growths) == ([], [], [], {})


def test_a_term_that_is_computed_where_its_weight_is_0_is_told_with_its_share_of_the_schedule():
    epochs = [
        epoch_of(index, DATA, 0.1, 0.1, {"loss": 1 / (1 + index), "data": 1 / (1 + index), "physics": float(index**2)})
        for index in range(10)
    ]
    parts = {DATA: {"physics/integral": 1.0, "data": 1.5, "optimizer": 1.5}}
    (found,) = findings(Evidence(epochs, [], [], [], {}, parts, {}, {DATA: 3, "full": 7}))
    assert found.rule == "unweighted"
    assert found.text == (
        "30 % of epochs compute a physics loss whose weight is 0 (kind data): the total loss is the same without it."
        " It has 250 ms of their 1.00 s."
    )
    assert found.seconds == pytest.approx(0.25)


def test_a_phase_that_takes_much_in_several_kinds_is_told_of_once():
    phases = [Phase(kind, path, 1.0, 0.05, 0.05, 0.5, None) for kind in (DATA, "full") for path in ("step", "data")]
    (found,) = findings(evidence(phases=phases))
    assert found.text == "The phase data takes 50 % of an epoch of kind data: 50.0 ms, and nearly as much of full."


def test_a_phase_of_which_every_epoch_traced_says_so():
    phases = [Phase(DATA, path, 1.0, 0.05, 0.05, 0.5, None, traced=True) for path in ("step", "data")]
    (found,) = findings(evidence(phases=phases))
    assert found.text == (
        "The phase data takes 50 % of an epoch of kind data: 50.0 ms."
        " That includes tracing and compiling: no such epoch ran without."
    )


def test_one_epoch_that_traced_does_not_weigh_a_kind():
    """A kind of 0.1 s an epoch, of which one took 100 s, beside one of 0.3 s."""
    epochs = [
        epoch_of(index, kind, wall, wall, {}) for kind, wall in ((DATA, 0.1), ("full", 0.3)) for index in range(10)
    ]
    epochs[5] = epoch_of(5, DATA, 100.0, 100.0, {}, traces=[Trace("step", "x.py:3", 99.0)])
    phases = [Phase("full", path, 1.0, 0.15, 0.15, 0.5, None) for path in ("step", "weights")]
    (found,) = findings(evidence(epochs=epochs, phases=phases, traced=[], compiled=[]))
    assert (found.seconds, found.share) == (pytest.approx(1.5), pytest.approx(1.5 / 4))


def test_a_trainer_that_tells_no_kinds_apart_is_not_told_of_epochs_of_kind_epoch():
    epochs = [epoch_of(index, "epoch", 0.1, 0.1, {}) for index in range(10)]
    phases = [Phase("epoch", path, 1.0, 0.05, 0.05, 0.5, None) for path in ("step", "weights")]
    growths = {"epoch": Growth("growing", 3.1e6, 2.9e6, 3.3e6)}
    found = findings(evidence(epochs=epochs, phases=phases, growths=growths, parts={"epoch": {"integral": 1e9}}))
    assert [one.text.partition(":")[0] for one in found] == [
        "100 % of the arithmetic of an epoch is in integral",
        "The phase weights takes 50 % of an epoch",
        "Memory grows by 3.10 MB an epoch [2.90 MB, 3.30 MB]",
    ]

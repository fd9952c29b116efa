from dataclasses import replace

import pytest

from harness.analysis.profile.bounds import Bound
from harness.analysis.profile.charges import Charge
from harness.analysis.profile.facts import (
    Arithmetic,
    Dominating,
    Found,
    Growing,
    Heavy,
    HostBound,
    MoreOperations,
    NewTraces,
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
from harness.analysis.profile.started import Starting
from harness.analysis.profile.tracings import Compiled, Traced
from harness.analysis.profile.uncompiled import Broken, GivenUp, Uncaptured
from harness.report.wording.findings import describe_finding
from harness.worker.wire.evidence import Between, Caller, Cause, Limit, LineUse, OneByOne, OptimizerUse

FIRST = Cause("first", "its first tracing")
VARIABLES = Cause("variables", "it creates variables, so its first call traces it twice")
SHAPE = Cause("shape", "argument x: shape (8,) -> (9,)", "pad it")


def traced(cause=SHAPE, where="x.py:3"):
    return Traced(function="step", where=where, cause=cause, times=14, seconds=1.5)


def charged(fact, charge=None, whole=10.0):
    charge = charge or Charge(2.5, 2.5)
    most = charge.most / whole if charge.unheld and charge.most else None
    return describe_finding(Found("rule", fact, charge, charge.seconds, charge.seconds / whole, most))


def described(fact):
    return describe_finding(Found("rule", fact))


def phase(**changes):
    usual = {"kind": "data", "path": "data", "calls": 1.0, "own_seconds": 0.05, "total_seconds": 0.05, "share": 0.5}
    return Phase(**usual | {"peak_rss_bytes": None} | changes)


def test_a_retrace_has_its_cause_cost_and_advice():
    assert charged(Retraced(traced(), 100)) == (
        "step (x.py:3) was traced 14 times more in 100 epochs: argument x: shape (8,) -> (9,)."
        " That took 2.50 s, 25 % of the time of all epochs. Pad it."
    )


@pytest.mark.parametrize(
    ("charge", "expected"),
    [
        (
            Charge(2.5, 9.0, ("data",)),
            "25 % to 90 % of the time of all epochs (2.50 s to 9.00 s): from tracing alone to everything but"
            " the operations, since every epoch of kind data traced or compiled. Pad it.",
        ),
        (
            Charge(2.5, None, ("epoch",)),
            "at least 2.50 s, 25 % of the time of all epochs; first runs of new graphs add to that, but cannot be"
            " separated from their work, since every epoch traced or compiled. Pad it.",
        ),
    ],
)
def test_cost_is_bounded_if_every_epoch_traced(charge, expected):
    assert charged(Retraced(traced(), 100), charge).partition("That took ")[2] == expected


@pytest.mark.parametrize(
    ("cause", "where", "why", "advice"),
    [
        (VARIABLES, "x.py:3", VARIABLES.text, "Look at x.py:3 for what creates it again."),
        (FIRST, "x.py:3", "each time as a new function", "Look at x.py:3 for what creates it again."),
        (None, "x.py:3", "the cause was not observed", "Look at x.py:3."),
        (None, "?", "the cause was not observed", "Look for what calls step."),
    ],
)
def test_a_cause_without_advice_says_where_to_look(cause, where, why, advice):
    text = charged(Retraced(traced(cause, where), 100))
    assert f"in 100 epochs: {why}. That took 2.50 s, 25 %" in text
    assert text.endswith(advice)


def test_new_traces_name_the_costliest_function():
    assert charged(NewTraces(traced(FIRST), 30, 29, 100)).startswith(
        "29 of 100 epochs trace something new, 30 functions or causes in all. The costliest is step (x.py:3): each time"
        " as a new function. That took 2.50 s, 25 % of the time of all epochs. Look at x.py:3"
    )


@pytest.mark.parametrize(("compiler", "who"), [("XLA", "XLA"), ("", "A compiler")])
def test_a_compilation_without_a_trace(compiler, who):
    one = Compiled(function="step", where="x.py:3", times=4, silent=3, seconds=2.0, compiler=compiler)
    assert charged(Recompiled(one)) == (
        f"{who} compiled step (x.py:3) 4 times, 3 of them for another shape without any trace."
        " That took 2.50 s, 25 % of the time of all epochs. Keep the shapes fixed."
    )


def test_arithmetic_has_its_share_of_operations_and_time():
    text = "90 % of the arithmetic of an epoch of kind data is in integral: 9.00 GFLOP of 10.0 GFLOP"
    assert described(Arithmetic("data", "integral", 9e9, 1e10, None)) == f"{text}."
    timed = described(Arithmetic("data", "integral", 9e9, 1e10, 0.6))
    assert timed == f"{text}, and 60 % of the time of its operations."


def test_an_unweighted_term_has_its_share_of_the_schedule():
    assert described(Unweighted("physics", ("data",), 0.3, 0.25, 1.0)) == (
        "30 % of epochs compute a physics loss whose weight is 0 (kind data): the total loss is the same without it."
        " It has 250 ms of their 1.00 s."
    )
    assert described(Unweighted("physics", ("epoch",), None, None, 1.0)) == (
        "Epochs compute a physics loss whose weight is 0: the total loss is the same without it."
    )


def test_a_heavy_phase_has_its_share_of_an_epoch():
    text = "The phase data takes 50 % of an epoch of kind data: 50.0 ms"
    assert described(Heavy(phase(), 0.5, ())) == f"{text}."
    assert described(Heavy(phase(), 0.5, ("full",))) == f"{text}, and nearly as much of full."
    tracing = described(Heavy(phase(traced=True), 0.5, ()))
    assert tracing == f"{text}. That includes tracing and compiling: no such epoch ran without."


def test_a_host_bound_epoch_has_advice():
    assert described(HostBound("epoch", 0.834, "CUDA")).startswith(
        "The CUDA device does nothing during 83 % of an epoch: it waits for Python. Compile the step"
    )


def test_growth_has_its_interval():
    text = "Memory grows by 3.10 MB an epoch [2.90 MB, 3.30 MB], in epochs of kind data: "
    bare, sized = (Growth("growing", 3.1e6, 2.9e6, 3.3e6, sizes) for sizes in ({}, {"pool": 12.0}))
    assert described(Growing("data", bare)) == f"{text}something keeps what each epoch creates."
    expected = "the sizes that the trainer reports grow as well, pool by 12.0 an epoch."
    assert described(Growing("data", sized)) == text + expected


@pytest.mark.parametrize(
    ("fact", "beginning"),
    [
        (Arithmetic("epoch", "integral", 1e9, 1e9, None), "100 % of the arithmetic of an epoch is in integral:"),
        (Heavy(phase(kind="epoch"), 0.5, ()), "The phase data takes 50 % of an epoch:"),
        (
            Growing("epoch", Growth("growing", 3.1e6, 2.9e6, 3.3e6)),
            "Memory grows by 3.10 MB an epoch [2.90 MB, 3.30 MB]:",
        ),
    ],
)
def test_does_not_mention_kinds_for_a_trainer_with_one_kind(fact, beginning):
    assert described(fact).startswith(beginning)


def test_what_is_not_compiled_as_a_whole_is_named_by_line():
    assert described(Broken("step", ("train.py:14", "train.py:9"))) == (
        "step is compiled in pieces: its graph breaks at train.py:14 and train.py:9, where each call goes back to"
        " Python. TORCH_LOGS=graph_breaks says why; fullgraph=True makes it an error."
    )


def test_what_is_compiled_no_more_is_named_with_the_limit():
    assert described(GivenUp(Limit("step", "train.py:8", "recompile_limit = 8"), 8)) == (
        "step (train.py:8) was compiled too often (recompile_limit = 8): from epoch 8 on, calls for which it is not"
        " compiled yet run without compilation. Keep what changes out of its arguments, or pass it as a tensor."
    )


def test_a_line_that_starts_processes_is_named_with_their_number():
    assert described(Starting("epoch", "train.py:9", "for x in loader:", 1.0, 2.0, 0.42)).startswith(
        "An epoch starts 2 processes at train.py:9 `for x in loader:`. To start and end them takes 42 % of it,"
    )
    assert described(Starting("full", "train.py:9", "run()", 1.0, 1.0, 0.1)).startswith(
        "An epoch of kind full starts 1 process at"
    )


def test_a_limit_of_threads_is_named_with_its_line():
    assert described(FewThreads("TensorFlow", 1, 2, "train.py:4", 0.98)) == (
        "TensorFlow uses 1 thread, and not the 2 that harness set: 0.98 of 2 processors compute on average. train.py:4"
        " sets them; a step with large operations is quicker with more."
    )
    assert " The program sets them;" in described(FewThreads("TensorFlow", 1, 2, "", 0.98))


def test_optimizers_that_keep_the_same_are_named_with_the_line_of_the_latest():
    use = OptimizerUse("Adam", 2, 1_000_000, 4_000_000, 2_000_000, "train.py:4", "opt = Adam(net)")
    assert described(SpareOptimizers(use)).startswith(
        "2 Adam optimizers keep slots for the same parameters: 4.00 MB for 1.00 MB of parameters, and 2.00 MB without"
        " the first of them. The latest is made at train.py:4 `opt = Adam(net)`. Keep one,"
    )
    assert "made at" not in described(SpareOptimizers(use._replace(where="")))


def test_a_line_that_dominates_is_named_with_its_way_and_its_arithmetic():
    way = Caller("pinn/birth.py:35", "f = density(grid)", 9e6, 0.07)
    use = LineUse("pinn/net.py:62", "y = tanh(x @ w)", 1e7, [way], 0.08)
    assert described(Dominating("epoch", use, way, 0.8, 0.99)) == (
        "pinn/net.py:62 `y = tanh(x @ w)`, called from pinn/birth.py:35 `f = density(grid)`, takes 80 % of an epoch and"
        " does 99 % of its arithmetic, gradients included."
    )
    assert described(Dominating("epoch", use, None, 0.8, None, Bound.MEMORY)).endswith(
        " gradients included. Reading and writing memory limits it, not arithmetic."
    )
    assert described(Dominating("full", use, None, 0.8, None, Bound.NEITHER)) == (
        "pinn/net.py:62 `y = tanh(x @ w)` takes 80 % of an epoch of kind full, gradients included."
    )


def test_a_line_that_runs_while_no_operation_does_is_named():
    line = Between("train.py:3", "x = np.sort(np.random.default_rng(0).random((40_000, 4)))", 0.8)
    assert described(OutsideOperations("epoch", line, 0.4)) == (
        "train.py:3 `x = np.sort(np.random.default_rng(0)....` takes 40 % of an epoch in Python, NumPy or dispatch,"
        " while no operation of a framework runs."
    )


def test_operations_that_run_one_by_one_are_counted():
    assert described(OpByOp("epoch", OneByOne(1940, 2000))).startswith(
        "1,940 operations of an epoch, 97 % of all, run one by one from Python, outside of every tf.function."
    )


def test_operations_that_run_one_by_one_have_advice_for_their_framework():
    assert described(OpByOp("epoch", OneByOne(400, 500, "jax.jit"))) == (
        "400 operations of an epoch, 80 % of all, run one by one from Python, outside of every jax.jit. Put the whole"
        " step under jax.jit, with jax.lax.scan for its loops."
    )


def test_a_growing_number_of_operations_is_named_with_its_epochs():
    rise = Rise(per_epoch=12.0, first=1, last=5, first_count=1310, last_count=1358, graph=True)
    assert described(MoreOperations("epoch", rise)) == (
        "Each epoch runs 12 operations more than the one before (1,310 in epoch 1, 1,358 in epoch 5): its graph keeps"
        " growing. Look for what is kept from one epoch to the next together with its graph, and detach it"
        " (loss.detach(), float(loss))."
    )
    other = described(MoreOperations("full", replace(rise, graph=False)))
    assert other.startswith("Each epoch of kind full runs 12 operations more")
    assert other.endswith("keeps growing. Look for what each epoch adds to, such as a list.")


def test_a_function_of_which_nothing_is_captured_is_named_with_line_cause_and_advice():
    cause = Cause("skipped", "using `torch.autograd.grad`", "derive with torch.func")
    assert described(Uncaptured("step", "train.py:8", cause, ("train.py:11",), 3, 2)) == (
        "Nothing of step (train.py:8) is compiled, because of train.py:11: using `torch.autograd.grad`. So its"
        " operations run one by one, and only functions that it calls may be compiled. It was traced 3 times, in 2"
        " epochs. Derive with torch.func. fullgraph=True makes it an error."
    )
    assert described(Uncaptured("step", "train.py:8", None, (), 1, 1)) == (
        "Nothing of step (train.py:8) is compiled. So its operations run one by one, and only functions that it calls"
        " may be compiled. Move what cannot be captured out of the function, or out of the loop, with or try around it."
        " fullgraph=True makes it an error."
    )

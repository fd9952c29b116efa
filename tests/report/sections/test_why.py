"""What a report says of the reasons for a difference."""

from msgspec.structs import replace
from shown import contents
from simulated import DATA, FULL, REFINE, record

from harness.analysis.comparison.tracing import Repeated, TracingChange
from harness.analysis.epochs.accounting import Accounted, Part
from harness.analysis.profile.charges import Charge
from harness.record.schema import Work
from harness.report.sections import why, why_table
from harness.report.summarize import summarize
from harness.worker.wire.evidence import Between, Caller, Cause, LineUse, Product, Timed, Trace

SECONDS = {
    "base": {DATA: 1.0, REFINE: 1.0, FULL: 1.0},
    "new": {DATA: 0.2, REFINE: 0.2, FULL: 0.2},
}


def network(rows, seconds, flops):
    ways = [Caller("lib/birth.py:35", "f = density(grid)", flops, seconds, [Product((rows, 32), (32, 32), flops)])]
    return LineUse("lib/net.py:62", "y = tanh(x @ w)", flops, ways, seconds, [Product((rows, 32), (32, 32), flops)])


def run(base, new, timed=True, seconds=SECONDS, **options):
    """A run of two arms whose epochs of the commonest kind have these lines."""
    found = record(seconds, **options)
    for arm, uses in (("base", base), ("new", new)):
        busy = sum(use.seconds or 0.0 for use in uses)
        times = {FULL: Timed(seconds[arm][FULL], busy)} if timed else {}
        untimed = None if timed else "it computes on an accelerator"
        found.works.append(Work(block=0, group=0, arm=arm, flops={}, lines={FULL: uses}, timed=times, untimed=untimed))
    return found


OTHER = LineUse("lib/train.py:9", "opt.step()", 0.0, [], 0.08)


def test_the_line_its_way_and_its_size_are_named():
    found = contents(run([network(1200, 0.9, 12e6), OTHER], [network(100, 0.1, 1e6), OTHER])).findings
    assert found == [
        "100 % of what new saves in an epoch of kind full (1.00 s to 200 ms) is net.py:62 `y = tanh(x @ w)`, called"
        " from birth.py:35 `f = density(grid)`: [100 x 32] x [32 x 32] in place of [1,200 x 32] x [32 x 32], 12 times"
        " fewer rows."
    ]


def test_a_line_with_the_same_arithmetic_is_not_explained_by_its_sizes():
    products = [Product((1200, 32), (32, 32), 1e6), Product((1200, 32), (1200, 32), 1e6)]
    uses = [LineUse("lib/net.py:62", "y = tanh(x @ w)", 2e6, [], 0.9 / slower, products) for slower in (1, 9)]
    uses[1] = uses[1]._replace(products=products[::-1])
    (found,) = contents(run([uses[0]], [uses[1]])).findings[:1]
    assert found.endswith("is net.py:62 `y = tanh(x @ w)`: the same arithmetic.")


def test_what_passes_between_operations_is_a_part_too():
    found = contents(run([network(1200, 0.5, 12e6)], [network(100, 0.1, 1e6)])).findings
    assert found[0].startswith("50 % of what new saves")
    assert found[1] == "Another 50 % is between operations, 500 ms to 100 ms, in Python and dispatch."


def test_the_line_that_runs_between_operations_is_named():
    found = run([network(1200, 0.5, 12e6)], [network(100, 0.1, 1e6)])
    found.works[0] = replace(found.works[0], between={FULL: [Between("lib/train.py:7", "x = np.sort(x)", 0.375)]})
    assert contents(found).findings[1] == (
        "Another 50 % is between operations, 500 ms to 100 ms: of the longer one 75 % in train.py:7 `x = np.sort(x)`."
    )


def test_a_slower_line_with_the_same_arithmetic_is_said_to_be_so():
    swapped = {"base": SECONDS["new"], "new": SECONDS["base"]}
    found = contents(run([network(100, 0.1, 1e6)], [network(100, 0.9, 1e6)], seconds=swapped)).findings
    assert found[0].startswith("100 % of what new adds in an epoch")
    assert found[0].endswith(": the same arithmetic.")


def test_a_line_that_only_one_has_is_said_to_be_so():
    gone = LineUse("lib/loss.py:5", "percentile(r, 50.0)", 0.0, [], 0.8)
    found = contents(run([gone, network(100, 0.1, 1e6)], [network(100, 0.1, 1e6)])).findings
    assert found[0].endswith("is loss.py:5 `percentile(r, 50.0)`: only the baseline has it.")


def test_time_of_no_known_line_is_never_given_to_one():
    unknown, less = LineUse("", "", 0.0, [], 0.9), LineUse("", "", 0.0, [], 0.1)
    found = contents(run([unknown, OTHER], [less, OTHER])).findings
    assert found[0] == ("100 % of what new saves in an epoch of kind full (1.00 s to 200 ms) is in no known line.")


def test_arithmetic_is_explained_where_times_are_not_known():
    shown = contents(run([network(1200, None, 12e6)], [network(100, None, 1e6)], timed=False))
    assert shown.findings[0].startswith(
        "100 % of what new saves in the arithmetic of an epoch of kind full (12.0 MFLOP to 1.00 MFLOP) is net.py:62"
    )
    (table,) = (table for table in shown.tables if table.title == "Where the difference comes from")
    assert "new: it computes on an accelerator" in table.note


def test_the_rows_of_the_table_add_up():
    summary = summarize(run([network(1200, 0.6, 12e6), OTHER], [network(100, 0.1, 1e6), OTHER]))
    shares = [row[2].value for row in why_table.table(summary).rows if row[2].value is not None]
    assert abs(sum(shares) - 1) < 1e-9


def test_nothing_is_explained_that_is_the_same_or_unsure():
    same = {"base": SECONDS["base"], "new": SECONDS["base"]}
    one, other = [network(1200, 0.6, 12e6)], [network(100, 0.1, 1e6)]
    assert contents(run(one, other, seconds=same)).findings == []
    close = {"base": SECONDS["base"], "new": dict.fromkeys(SECONDS["base"], 0.9)}
    assert contents(run(one, other, seconds=close, noise=3.0)).findings == []
    assert why_table.table(summarize(run(one, other, seconds=same))) is None


def test_five_sentences_are_the_most():
    uses = [LineUse(f"a.py:{number}", f"u{number} = net{number}(x)", 1e6, [], 0.15) for number in range(6)]
    found = contents(run(uses, [OTHER]))
    assert len(found.findings) == 5


def accounted(once, steady, epochs=40):
    parts = {"once": Part(1, once), "periodic": Part(0, 0.0), "steady": Part(epochs - 1, steady)}
    return Accounted(epochs=epochs, seconds=once + steady, between=None, scheduled=epochs, unseen=0, **parts)


def said(base, new):
    """The sentences on two arms whose epochs were counted like this."""
    summary = summarize(run([network(1200, 0.9, 12e6), OTHER], [network(100, 0.1, 1e6), OTHER]))
    arms = [replace(arm, accounting=own) for arm, own in zip(summary.arms, (base, new), strict=True)]
    return list(why.sentences(replace(summary, arms=arms)))


def test_what_is_in_first_epochs_comes_first_if_it_is_most():
    most = "Of the 8.00 s that 40 epochs of new take less, 75 % is in first epochs, tracing, compiling and stalls"
    assert said(accounted(8.0, 4.0), accounted(2.0, 2.0))[0] == f"{most} (8.00 s to 2.00 s)."
    first, second = said(accounted(3.0, 8.0), accounted(2.0, 2.0))
    assert "net.py:62" in first
    assert second.startswith("Of the 7.00 s that 40 epochs of new take less, 14 % is in first epochs")


def test_what_is_in_first_epochs_is_left_out_where_it_is_little_or_unknown():
    assert len(said(accounted(2.1, 8.0), accounted(2.0, 2.0))) == 1
    assert len(said(accounted(8.0, 4.0, epochs=50), accounted(2.0, 2.0))) == 1
    assert len(said(None, accounted(2.0, 2.0))) == 1


def test_a_gate_names_the_line_that_makes_most_of_a_difference_in_arithmetic():
    found = run([network(1200, None, 12e6)], [network(100, None, 1e6)], timed=False)
    (one,) = why.arithmetic(summarize(found))
    assert one.startswith("100 % of what new saves in the arithmetic of an epoch")
    assert list(why.arithmetic(summarize(run([network(1200, 0.9, 12e6)], [network(100, 0.1, 1e6)])))) == []


def test_shares_beyond_a_difference_are_worded():
    more, less = (
        LineUse("lib/a.py:3", "y = sort(x)", 0.0, [], 0.02),
        LineUse("lib/a.py:3", "y = sort(x)", 0.0, [], 0.12),
    )
    found = contents(run([network(1200, 0.98, 12e6), more], [network(100, 0.08, 1e6), less])).findings
    assert found[0].startswith(
        "More than all of what new saves in an epoch of kind full (1.00 s to 200 ms) is net.py:62"
    )
    assert found[1] == "a.py:3 `y = sort(x)` costs 12 % of that again."


def test_what_is_between_operations_may_cost_some_of_it_again():
    found = contents(run([network(1200, 0.95, 12e6)], [network(100, 0.05, 1e6)])).findings
    assert found[1] == (
        "What is between operations costs 12 % of that again, 50.0 ms to 150 ms, in Python and dispatch."
    )


def test_what_only_one_has_comes_before_what_may_be_noise():
    same = [LineUse("lib/run.py:20", "model.train()", 1e6, [], seconds) for seconds in (0.7, 0.2)]
    gone = LineUse("lib/callbacks.py:16", "model.predict(x)", 1e6, [], 0.3)
    found = contents(run([same[0], gone], [same[1]], blocks=1)).findings
    assert "37 % of what new saves" in found[0]
    assert found[0].endswith("is callbacks.py:16 `model.predict(x)`: only the baseline has it.")
    assert found[1] == (
        "Another 62 % is run.py:20 `model.train()`: the same arithmetic, so with one block this may be noise."
    )
    assert "model.train()" in contents(run([same[0], gone], [same[1]])).findings[0]


def test_arithmetic_that_does_not_explain_the_time_is_not_the_reason():
    def reason(flops=1.03, **measured):
        before = LineUse("lib/net.py:62", "y = tanh(x @ w)", 1e6, [], 0.9, [], *measured.get("before", ()))
        after = LineUse("lib/net.py:62", "y = tanh(x @ w)", flops * 1e6, [], 0.1, [], *measured.get("after", ()))
        return contents(run([before, OTHER], [after, OTHER])).findings[0].partition("`: ")[2]

    assert reason() == "its products do as much (1.03x), so the time is in other operations."
    assert (
        reason(before=(5e9,), after=(1e9,)) == "its products do as much (1.03x), but it reads and writes 5 times less."
    )
    assert (
        reason(1.0, before=(5e9, 100), after=(None, 10))
        == "the same arithmetic, but it runs 10 times fewer operations."
    )
    assert reason(0.5) == (
        "its products do 2 times fewer floating-point operations, which explains a part; the rest is in other"
        " operations."
    )


def test_the_same_products_may_be_fewer():
    sizes = [((500, 50), (50, 50)), ((500, 3), (3, 50))]
    before, after = (
        LineUse("net.py:27", "layers(x)", f, [], s, [Product(*size, f / n) for n, size in enumerate(sizes, 1)])
        for f, s in ((8e6, 0.9), (3e6, 0.1))
    )
    found = contents(
        run([before], [after._replace(seconds=0.3)], seconds={**SECONDS, "new": dict.fromkeys(SECONDS["new"], 0.3)})
    )
    assert found.findings[0].endswith("is net.py:27 `layers(x)`: the same products, 2.67 times fewer of them.")


def test_operations_are_counted_where_their_number_changed():
    before, after = network(1200, 0.5, 12e6)._replace(runs=4000), network(100, 0.1, 1e6)._replace(runs=500)
    assert (
        contents(run([before], [after]))
        .findings[1]
        .endswith("in Python and dispatch of 500 operations in place of 4,000.")
    )


def retracing(untimed="the epochs in which operations were timed traced or compiled"):
    """Of two arms, the baseline traces its step in each epoch."""
    value = Cause("value", "argument w: Python value 0.0 -> 0.1", "pass a tensor")
    found = run([], [network(100, 0.1, 1e6)])
    found.works[0] = replace(found.works[0], untimed=untimed, timed={}, lines={})
    pieces = []
    for piece in found.slices:
        traces = [Trace("step", "lib/train.py:37", 0.6, value)] if piece.arm == "base" else []
        pieces.append(replace(piece, epochs=[replace(one, evidence={"traces": traces}) for one in piece.epochs]))
    found.slices[:] = pieces
    return found


def test_tracing_in_every_epoch_comes_first_and_has_a_row():
    found = contents(retracing())
    assert found.findings[0] == (
        "At least 75 % of what new saves in an epoch of kind full (1.00 s to 200 ms) is tracing: step (train.py:37) is"
        " traced again 8 times in 8 epochs of base (argument w: Python value 0.0 -> 0.1), which takes at least 600 ms"
        " an epoch, and first runs of new graphs add to that."
    )
    (table,) = (table for table in found.tables if table.title == "Where the difference comes from")
    assert [str(cell) for cell in table.rows[0]][:2] == ["train.py:37", "(tracing step)"]
    assert "lower bound" in table.note


def test_why_no_line_was_timed_is_always_said():
    assert (
        "By which lines new differs from base is not known: those of base were not timed, because the epochs in which"
        " operations were timed traced or compiled."
    ) in contents(retracing()).notes
    nowhere = contents(run([LineUse("", "", 0.0, [], 0.9)], [LineUse("", "", 0.0, [], 0.1)]))
    assert any("does not tell which line" in one for one in nowhere.notes)
    assert not any("By which lines" in one for one in contents(run([OTHER], [OTHER])).notes)


def test_tracing_in_some_epochs_is_named_in_what_all_epochs_take():
    cause = Cause("shape", "argument x: shape (8,) -> (9,)")
    repeated = Repeated(
        function="step", where="a.py:5", compiler="", cause=cause, times=3, epochs=3, of=39, charge=Charge(4.0, 4.0)
    )
    change = TracingChange(
        more=repeated, only_in="baseline", other_times=0, share=0.5, seconds=0.0, baseline_seconds=4.0
    )
    summary = summarize(run([network(1200, 0.9, 12e6), OTHER], [network(100, 0.1, 1e6), OTHER]))
    parts = accounted(8.0, 4.0), accounted(2.0, 2.0)
    arms = [replace(arm, accounting=own) for arm, own in zip(summary.arms, parts, strict=True)]
    arms[1] = replace(arms[1], tracings=[change])
    assert next(why.sentences(replace(summary, arms=arms))) == (
        "Of the 8.00 s that 40 epochs of new take less, 50 % is tracing: step (a.py:5) is traced again 3 times in 39"
        " epochs of base (argument x: shape (8,) -> (9,)), which takes 4.00 s."
    )


def test_arithmetic_that_is_counted_in_part_explains_nothing():
    counted = run([network(1200, 0.8, 12e6)], [network(100, 0.1, 1e6)])
    assert "12 times fewer rows" in contents(counted).findings[0]
    counted.works[:] = [replace(one, incomplete=[FULL]) for one in counted.works]
    assert "net.py:62" in contents(counted).findings[0]
    assert "fewer" not in contents(counted).findings[0]

"""A profile's tables: where time and memory go, and what was traced and compiled."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from harness.analysis.epochs import table as epoch_table
from harness.analysis.profile.charges import Charge
from harness.analysis.profile.growth import Growth, MemoryTrend
from harness.analysis.profile.operations import Profile, Spent
from harness.analysis.profile.phases import Phase
from harness.analysis.profile.tracings import Compiled, Traced
from harness.plan.gate_rules import EPOCH_TIME, FIRST_EPOCH_TIME, PEAK_MEMORY, PEAK_TENSORS
from harness.record.lines import Lines
from harness.report import units
from harness.report.sections import peaks
from harness.report.sections.headline import moment
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Cell, Table
from harness.report.wording import words
from harness.worker.wire.evidence import OTHERS
from harness.worker.wire.messages import EPOCH

MOST_OPERATIONS = 5
"""Operation types listed per kind of epoch."""
MOST_EPOCHS = 3
"""Epochs listed per traced function."""
LEAST_PART = 0.01
"""Parts with less than this share of both time and arithmetic are not listed."""


def headline(summary: Summary) -> str:
    """The time of a median epoch and of the first one, and peak memory."""
    arm = summary.arms[0]
    if arm.status == "failed":
        return f"{arm.name} failed {moment(arm)}."
    median, first, peak = (arm.value(name) for name in (EPOCH_TIME, FIRST_EPOCH_TIME, PEAK_MEMORY))
    if median is None:
        return ""
    kind = f"{arm.commonest} " if arm.commonest not in (None, EPOCH) else ""
    parts = [f"A median {kind}epoch of {arm.name} takes {units.seconds(median)}"]
    parts += [f"its first epoch took {units.seconds(first)}"] if first else []
    parts += [f"its memory peaked at {units.size(peak)}"] if peak else []
    return f"{words.listed(parts)}."


def tables(arm: ArmSummary, record: Lines) -> list[Table | None]:
    """One entry per table, None if there is nothing to show."""
    profile = arm.profile
    assert profile is not None, "an arm that was profiled has one"
    return [
        _make_epochs_table(record, arm.name),
        _make_traces_table(profile.traces),
        _make_compilations_table(profile.compilations),
        _make_phases_table(profile.phases),
        _make_operations_table(profile.operations),
        _make_parts_table(profile.parts, profile.operations),
        _make_memory_table(arm),
        _make_growth_table(profile.growth),
    ]


def _make_epochs_table(record: Lines, arm: str) -> Table:
    """The epochs of one arm by kind: the first, and the steady ones."""
    epochs = epoch_table.table(record)
    of_arm = epochs[epochs["arm"] == arm]
    rows = []
    for kind, own in of_arm.groupby("kind", sort=False):
        first = own[own["first"]]["wall"]
        steady = epoch_table.in_turns(own)
        quartiles = steady["wall"].quantile([0.25, 0.5, 0.75])
        spread = (
            Cell(f"{units.seconds(quartiles[0.25])} .. {units.seconds(quartiles[0.75])}", float(quartiles[0.75]))
            if len(steady)
            else units.NOTHING
        )
        rows.append(
            [
                str(kind),
                units.seconds(first.median() if len(first) else None),
                units.seconds(quartiles[0.5] if len(steady) else None),
                spread,
                _format_cores(steady) if len(steady) else units.NOTHING,
                units.count(len(steady)),
            ]
        )
    columns = ["kind", "first", "steady: median", "quartiles", "cores busy", "measured"]
    return Table("Epochs", columns, rows)


def _format_cores(epochs: pd.DataFrame) -> Cell:
    """The average number of busy cores."""
    busy = float(epochs["cpu"].sum() / epochs["wall"].sum())
    return units.number(busy)


def _make_traces_table(found: Sequence[Traced]) -> Table | None:
    """Which functions were traced, why, how often, and at what cost."""
    if not found:
        return None
    marked = any(phase for one in found for phase in one.phases)
    rows = [
        [
            one.function,
            one.where,
            _format_cause(one),
            *([", ".join(phase or "none" for phase in one.phases)] if marked else []),
            _list_epochs(one.epochs),
            units.count(one.times),
            units.seconds(one.seconds),
            _format_charge(one.charge),
        ]
        for one in found
    ]
    note = (
        "Tracing: the time of the function's own Python code, without functions traced inside it. Extra time: what"
        " the epochs that traced, except the first of their kind, took beyond the others, first runs of new graphs"
        f" included. Of equal causes the first is shown.{_explain_bounds(one.charge for one in found)}"
    )
    causes = {one.cause.kind: one.cause for one in found if one.cause and one.cause.advice}
    note = " ".join([note, *(f"For {kind}: {cause.advice}." for kind, cause in causes.items())])
    columns = [
        "function",
        "defined at",
        "why",
        *(["phase"] if marked else []),
        "epochs",
        "times",
        "tracing",
        "extra time",
    ]
    return Table("Traces", columns, rows, note, texts=3 + marked)


def _make_compilations_table(found: Sequence[Compiled]) -> Table | None:
    """Which functions XLA compiled, how often, and at what cost."""
    if not found:
        return None
    rows = [
        [
            one.function,
            one.where,
            _list_epochs(one.epochs),
            units.count(one.times),
            units.count(one.silent),
            units.seconds(one.seconds),
            _format_charge(one.charge),
        ]
        for one in found
    ]
    note = (
        "Silently: for another shape, without a new trace. Extra time: what the epochs that compiled silently, except"
        f" the first of their kind, took beyond the others.{_explain_bounds(one.charge for one in found)}"
    )
    columns = ["function", "defined at", "epochs", "times", "silently", "compiling", "extra time"]
    return Table("Compilations by XLA", columns, rows, note, texts=2)


def _make_phases_table(found: Sequence[Phase]) -> Table | None:
    """Time and memory of an epoch by the phases that the trainer marks."""
    if not found:
        return None
    rows = [
        [
            one.kind,
            one.path or "(in no phase)",
            units.percent(one.share),
            units.seconds(one.own_seconds),
            units.seconds(one.total_seconds),
            units.trimmed(one.calls),
            units.size(one.peak_rss_bytes),
        ]
        for one in found
    ]
    note = (
        "Of a median epoch that neither traced nor compiled. Own time: without inner phases. Peak memory: of the whole"
        " process. Time and memory were measured in separate passes."
    )
    note += _explain_traced(list(dict.fromkeys(one.kind for one in found if one.traced)), "its phases")
    return Table(
        "Phases", ["kind", "phase", "share", "own time", "total time", "calls", "peak memory"], rows, note, texts=2
    )


def _make_growth_table(found: Mapping[str, Growth]) -> Table | None:
    """Whether resident memory grows from epoch to epoch."""
    if not found:
        return None
    rows = [
        [kind, one.verdict, _format_growth(one) if one.verdict == MemoryTrend.GROWING else ""]
        for kind, one in found.items()
    ]
    return Table("Memory from epoch to epoch", ["kind", "verdict", "growth"], rows, texts=2)


def _format_growth(one: Growth) -> Cell:
    return Cell(f"{units.size(one.bytes_per_epoch)} an epoch", one.bytes_per_epoch)


def _make_operations_table(found: Mapping[str, Profile]) -> Table | None:
    """The operations that take most of an epoch's time."""
    if not found:
        return None
    rows = [
        [kind, name, units.percent(one.share), units.seconds(one.own_seconds), units.trimmed(one.calls)]
        for kind, profile in found.items()
        for name, one in list(profile.types.items())[:MOST_OPERATIONS]
        if name != OTHERS
    ]
    idle = [f"{units.percent(one.idle)} ({kind})" for kind, one in found.items() if one.idle is not None]
    note = (
        "Own time over all threads, by the framework's profiler in a separate pass, which makes small operations look"
        f" more expensive than they are. No operation ran during {', '.join(idle)} of an epoch: that time goes to"
        " Python and to dispatch."
    )
    return Table("Operations", ["kind", "operation", "share", "own time", "calls"], rows, note, texts=2)


def _make_parts_table(counted: Mapping[str, Mapping[str, float]], timed: Mapping[str, Profile]) -> Table | None:
    """Time and arithmetic of an epoch by the name scopes that the trainer uses."""
    rows = []
    for kind in dict.fromkeys([*counted, *timed]):
        flops, spent = counted.get(kind, {}), timed[kind].parts if kind in timed else {}
        whole = sum(flops.values())
        names = sorted({*flops, *spent}, key=lambda name: (-_get_share(spent, name), -flops.get(name, 0.0)))
        rows += [
            [
                kind,
                name or "(in no scope)",
                units.percent(spent[name].share) if name in spent else units.NOTHING,
                units.percent(flops[name] / whole) if flops.get(name) else units.NOTHING,
                units.flops(flops[name]) if flops.get(name) else units.NOTHING,
            ]
            for name in names
            if max(_get_share(spent, name), flops.get(name, 0.0) / whole if whole else 0.0) >= LEAST_PART
        ]
    note = (
        "By tf.name_scope, jax.named_scope or torch.profiler.record_function; gradients belong to the scope of the"
        " operation that they are the gradient of. Time: the share of all operations' time. Arithmetic: the share of"
        " the matrix products' floating-point operations."
    )
    columns = ["kind", "part", "time", "arithmetic", "operations"]
    return Table("Parts of a step", columns, rows, note, texts=2) if rows else None


def _get_share(spent: Mapping[str, Spent], name: str) -> float:
    return spent[name].share if name in spent else 0.0


def _format_charge(charge: Charge | None) -> Cell:
    if charge is None:
        return units.NOTHING
    least = units.seconds(charge.seconds)
    if not charge.unheld:
        return least
    text = f">= {least}" if charge.most is None else f"{least} .. {units.seconds(charge.most)}"
    return Cell(text, charge.seconds)


def _explain_bounds(charges: Iterable[Charge | None]) -> str:
    """Why some extra times are bounds. Empty if none is."""
    if not any(charge and charge.unheld for charge in charges):
        return ""
    return " Bounds: every epoch of a kind traced or compiled, so first runs cannot be separated from its work."


def _explain_traced(kinds: Sequence[str], where: str) -> str:
    """Says that every epoch of these kinds traced or compiled. Empty if there are none."""
    named = [f"kind {kind}" for kind in kinds if kind != EPOCH]
    of_kind = f" of {words.listed(named)}" if named else ""
    return f" Every epoch{of_kind} traced or compiled, so {where} include that." if kinds else ""


def _list_epochs(epochs: Sequence[int]) -> str:
    """The first few epochs of a list."""
    more = ", ..." if len(epochs) > MOST_EPOCHS else ""
    return ", ".join(str(index) for index in sorted(epochs)[:MOST_EPOCHS]) + more


def _format_cause(one: Traced) -> str:
    return one.cause.text if one.cause else "not observed"


def _make_memory_table(arm: ArmSummary) -> Table:
    kept = arm.profile.variables if arm.profile else None
    rows = [
        ["peak memory of the process", units.size(arm.value(PEAK_MEMORY))],
        ["peak of tensors", units.size(arm.value(PEAK_TENSORS))],
        ["parameters", units.size(kept.trained if kept else None)],
        ["other variables, such as an optimizer's", units.size(kept.others if kept else None)],
    ]
    return Table("Memory", ["what", "size"], rows, " ".join([*peaks.locate(arm), *peaks.explain([arm])]))

"""A profile's tables: where one variant's time and memory go, and what was traced and compiled."""

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
from harness.report.sections.headline import moment
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Cell, Table
from harness.worker.wire.evidence import OTHERS
from harness.worker.wire.messages import EPOCH

MOST_OPERATIONS = 5
"""Types of operations that are listed of each kind of epoch."""
MOST_EPOCHS = 3
"""Epochs that are listed of those in which something was traced."""
LEAST_PART = 0.01
"""What has less of both time and arithmetic is not listed."""


def headline(summary: Summary) -> str:
    """What an epoch takes, the first one, and memory."""
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
    return f"{units.listed(parts)}."


def tables(arm: ArmSummary, record: Lines) -> list[Table | None]:
    """None for what was not seen."""
    seen = arm.profile
    assert seen is not None, "an arm that was profiled has one"
    return [
        _epochs(record, arm.name),
        _traces(seen.traces),
        _compilations(seen.compilations),
        _phases(seen.phases),
        _operations(seen.operations),
        _parts(seen.parts, seen.operations),
        _memory(arm),
        _growth(seen.growth),
    ]


def _epochs(record: Lines, arm: str) -> Table:
    """The epochs of one arm: the first of each kind, and the steady ones."""
    epochs = epoch_table.table(record)
    mine = epochs[epochs["arm"] == arm]
    rows = []
    for kind, own in mine.groupby("kind", sort=False):
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
                _cores(steady) if len(steady) else units.NOTHING,
                units.count(len(steady)),
            ]
        )
    columns = ["kind", "first", "steady: median", "quartiles", "cores busy", "measured"]
    return Table("Epochs", columns, rows)


def _cores(epochs: pd.DataFrame) -> Cell:
    """How many were busy, on the average."""
    busy = float(epochs["cpu"].sum() / epochs["wall"].sum())
    return Cell(f"{busy:.2f}", busy)


def _traces(found: Sequence[Traced]) -> Table | None:
    """Which functions were traced, why, how often, and what it took."""
    if not found:
        return None
    marked = any(phase for one in found for phase in one.phases)
    rows = [
        [
            one.function,
            one.where,
            _why(one),
            *([", ".join(phase or "none" for phase in one.phases)] if marked else []),
            _few(one.epochs),
            units.count(one.times),
            units.seconds(one.seconds),
            _charge(one.charge),
        ]
        for one in found
    ]
    note = (
        "Tracing is the time of the function's own Python code, without the functions traced inside it; in all is what"
        " the epochs that traced, but for the first of their kind, took beyond others: first runs of new graphs are in"
        f" it. Of like causes the first is shown.{_bounds(one.charge for one in found)}"
    )
    causes = {one.cause.kind: one.cause for one in found if one.cause and one.cause.advice}
    note = " ".join([note, *(f"For {kind}: {cause.advice}." for kind, cause in causes.items())])
    columns = ["function", "defined at", "why", *(["phase"] if marked else []), "epochs", "times", "tracing", "in all"]
    return Table("Traces", columns, rows, note, texts=3 + marked)


def _compilations(found: Sequence[Compiled]) -> Table | None:
    """Which functions XLA compiled, how often, and what it took."""
    if not found:
        return None
    rows = [
        [
            one.function,
            one.where,
            _few(one.epochs),
            units.count(one.times),
            units.count(one.silent),
            units.seconds(one.seconds),
            _charge(one.charge),
        ]
        for one in found
    ]
    note = (
        "Silently: for another shape, without a tracing that would announce it. In all is what the epochs that silently"
        f" compiled, but for the first of their kind, took beyond others.{_bounds(one.charge for one in found)}"
    )
    columns = ["function", "defined at", "epochs", "times", "silently", "compiling", "in all"]
    return Table("Compilations by XLA", columns, rows, note, texts=2)


def _phases(found: Sequence[Phase]) -> Table | None:
    """Where the time and the memory of an epoch go, as the trainer marks it."""
    if not found:
        return None
    rows = [
        [
            one.kind,
            one.path or "(in no phase)",
            units.percent(one.share),
            units.seconds(one.own_seconds),
            units.seconds(one.total_seconds),
            Cell(f"{one.calls:.3g}", one.calls),
            units.size(one.peak_rss_bytes),
        ]
        for one in found
    ]
    note = (
        "Of a median epoch that neither traced nor compiled. Own time is without the phases inside. Peak memory is the"
        " whole process's. Passes apart watched both."
    )
    note += _all_traced(list(dict.fromkeys(one.kind for one in found if one.traced)), "its phases")
    return Table(
        "Phases", ["kind", "phase", "share", "own time", "with inner", "calls", "peak memory"], rows, note, texts=2
    )


def _growth(found: Mapping[str, Growth]) -> Table | None:
    """Whether memory grows from epoch to epoch."""
    if not found:
        return None
    rows = [
        [kind, one.verdict, _per_epoch(one) if one.verdict == MemoryTrend.GROWING else ""]
        for kind, one in found.items()
    ]
    return Table("Memory from epoch to epoch", ["kind", "verdict", "growth"], rows, texts=2)


def _per_epoch(one: Growth) -> Cell:
    return Cell(f"{units.size(one.bytes_per_epoch)} an epoch", one.bytes_per_epoch)


def _operations(found: Mapping[str, Profile]) -> Table | None:
    """Which operations take the time of an epoch."""
    if not found:
        return None
    rows = [
        [kind, name, units.percent(one.share), units.seconds(one.own_seconds), Cell(f"{one.calls:.3g}", one.calls)]
        for kind, profile in found.items()
        for name, one in list(profile.types.items())[:MOST_OPERATIONS]
        if name != OTHERS
    ]
    idle = [f"{units.percent(one.idle)} ({kind})" for kind, one in found.items() if one.idle is not None]
    note = (
        "Own time over all threads, as TensorFlow's profiler sees it, in a pass apart: small operations look costlier"
        f" than they are. None of an epoch's operations ran in {', '.join(idle)} of its time: that goes to Python, and"
        " to handing them out."
    )
    return Table("Operations", ["kind", "operation", "share", "own time", "calls"], rows, note, texts=2)


def _parts(counted: Mapping[str, Mapping[str, float]], timed: Mapping[str, Profile]) -> Table | None:
    """Where the time and the arithmetic of an epoch are, as the trainer names its scopes."""
    rows = []
    for kind in dict.fromkeys([*counted, *timed]):
        flops, spent = counted.get(kind, {}), timed[kind].parts if kind in timed else {}
        whole = sum(flops.values())
        names = sorted({*flops, *spent}, key=lambda name: (-_share(spent, name), -flops.get(name, 0.0)))
        rows += [
            [
                kind,
                name or "(in no scope)",
                units.percent(spent[name].share) if name in spent else units.NOTHING,
                units.percent(flops[name] / whole) if flops.get(name) else units.NOTHING,
                units.flops(flops[name]) if flops.get(name) else units.NOTHING,
            ]
            for name in names
            if max(_share(spent, name), flops.get(name, 0.0) / whole if whole else 0.0) >= LEAST_PART
        ]
    note = (
        "By the tf.name_scope in which operations were written, gradients with what they are the gradients of: the"
        " share of all operations' time, and that of the matrix products' arithmetic."
    )
    columns = ["kind", "part", "time", "arithmetic", "operations"]
    return Table("Parts of a step", columns, rows, note, texts=2) if rows else None


def _share(spent: Mapping[str, Spent], name: str) -> float:
    return spent[name].share if name in spent else 0.0


def _charge(charge: Charge | None) -> Cell:
    if charge is None:
        return units.NOTHING
    least = units.seconds(charge.seconds)
    if not charge.unheld:
        return least
    text = f">= {least}" if charge.most is None else f"{least} .. {units.seconds(charge.most)}"
    return Cell(text, charge.seconds)


def _bounds(charges: Iterable[Charge | None]) -> str:
    """Why some charges are bounds; empty where none is."""
    if not any(charge and charge.unheld for charge in charges):
        return ""
    return " Bounds: where every epoch of a kind traced or compiled, first runs cannot be told from its work."


def _all_traced(kinds: Sequence[str], where: str) -> str:
    """That no epoch of these kinds ran without; empty where there is none."""
    named = [f"kind {kind}" for kind in kinds if kind != EPOCH]
    of_kind = f" of {units.listed(named)}" if named else ""
    return f" Every epoch{of_kind} traced or compiled, so that is in {where}." if kinds else ""


def _few(epochs: Sequence[int]) -> str:
    """The epochs in which something was, or the first of them."""
    more = ", ..." if len(epochs) > MOST_EPOCHS else ""
    return ", ".join(str(index) for index in sorted(epochs)[:MOST_EPOCHS]) + more


def _why(one: Traced) -> str:
    return one.cause.text if one.cause else "not seen"


def _memory(arm: ArmSummary) -> Table:
    kept = arm.profile.variables if arm.profile else None
    rows = [
        ["peak memory of the process", units.size(arm.value(PEAK_MEMORY))],
        ["peak of TensorFlow's tensors", units.size(arm.value(PEAK_TENSORS))],
        ["parameters", units.size(kept.trained if kept else None)],
        ["other variables, such as an optimizer's", units.size(kept.others if kept else None)],
    ]
    return Table("Memory", ["what", "size"], rows)

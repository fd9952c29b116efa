"""What a profile's reader should know first: sentences over what was measured, each with its figure.

A rule is a function from the evidence to what it finds, if it does. What it would save orders the findings.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.analysis.growth import Growth
from harness.analysis.growths import growths
from harness.analysis.idle_terms import idle_terms
from harness.analysis.operations import profiles
from harness.analysis.phases import Phase, phases
from harness.analysis.tracings import Compiled, Traced, by_cause, by_function, of_one_block
from harness.lines import Epoch
from harness.record import Record

MOST = 5
FEWEST = 2
"""Epochs, not the first of their kind, in which a function is traced again for one cause, or compiled for another
shape. Where it stops after the first ones it costs a training next to nothing, and may well be meant: a function that
is called on points of three sorts has three shapes."""
LEAST_SHARE = 0.01
"""What would save less than this share of the time is not worth a reader's."""
MOSTLY = 0.5
"""A part that has this share of the arithmetic is named."""
HEAVY = 1 / 3
"""A phase other than the step itself that takes this share of an epoch is named."""
STEP = re.compile("step|train|fit|update|optimi[sz]|gradient|forward|backward", re.IGNORECASE)
"""In the name of a phase that does what an epoch is for."""


@dataclass(frozen=True)
class Found:
    rule: str
    text: str
    seconds: float | None = None
    """What it cost, of the epochs that were run; None for what is not about time."""
    share: float = 0.0
    """Of the time of those epochs: of all of them where it is about tracing or compiling, else of the steady ones, each
    kind as often as the schedule has it."""


@dataclass(frozen=True)
class Evidence:
    """What was measured of one arm."""

    epochs: list[Epoch]
    """Of the timed pass."""
    traced: list[Traced]
    compiled: list[Compiled]
    phases: list[Phase]
    growths: Mapping[str, Growth]
    parts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Floating-point operations of an epoch, by kind and part."""
    times: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """The share of the time of an epoch's operations, by kind and part."""
    schedule: Mapping[str, int] = field(default_factory=dict)
    """Epochs of each kind in the whole schedule; empty where it is not known."""

    @classmethod
    def of(cls, record: Record, arm: str) -> "Evidence":
        epochs = of_one_block(record, arm) or []
        return cls(
            epochs,
            by_cause(epochs),
            by_function(epochs),
            phases(record, arm),
            growths(record, arm),
            next((work.parts for work in record.works if work.arm == arm), {}),
            {
                kind: {name: spent.share for name, spent in profile.parts.items()}
                for kind, profile in profiles(record, arm).items()
            },
            record.schedule(arm),
        )

    @property
    def seconds(self) -> float:
        return sum(epoch.wall for epoch in self.epochs)


def findings(evidence: Evidence) -> list[Found]:
    """At most five: those that cost the most time first, then what is about memory, which is never left out."""
    found = [one for rule in RULES for one in rule(evidence)]
    others = [one for one in found if one.seconds is None][:MOST]
    timed = [one for one in found if one.seconds is not None and one.share >= LEAST_SHARE]
    return sorted(timed, key=lambda one: -one.share)[: MOST - len(others)] + others


def retraced(evidence: Evidence) -> Iterator[Found]:
    """A function that is traced again and again, for a cause that can be removed."""
    for one in evidence.traced:
        if one.cause and one.cause.advice and one.again >= FEWEST and one.seconds is not None:
            took = f"{_seconds(one.seconds)} of {_seconds(evidence.seconds)}"
            text = (
                f"{one.function} ({one.where}) was traced {one.times} times more in {_epochs(evidence)}:"
                f" {one.cause.text}. That took {took}: {one.cause.advice}."
            )
            yield Found("retraced", text, one.seconds, one.seconds / evidence.seconds)


def recompiled(evidence: Evidence) -> Iterator[Found]:
    """A function that XLA compiles for each new shape, though nothing is traced."""
    for one in evidence.compiled:
        if one.again >= FEWEST:
            seconds = one.seconds * one.silent / one.times
            text = (
                f"XLA compiled {one.function} ({one.where}) {one.times} times, {one.silent} of them for another shape"
                f" without any trace: {_seconds(seconds)} of {_seconds(evidence.seconds)}. Keep the shapes fixed."
            )
            yield Found("recompiled", text, seconds, seconds / evidence.seconds)


def arithmetic(evidence: Evidence) -> Iterator[Found]:
    """A part of the computation that has most of the arithmetic, of the kind of epoch that took the most time."""
    kind = max(evidence.parts, key=lambda kind: _spent(evidence, [kind]), default="")
    parts = evidence.parts.get(kind, {})
    total = sum(parts.values())
    name, most = max(parts.items(), key=lambda own: own[1], default=("", 0.0))
    timed = evidence.times.get(kind, {}).get(name)
    if name and most >= MOSTLY * total and (timed is None or timed >= MOSTLY):
        text = (
            f"{_percent(most / total)} of the arithmetic of an epoch of kind {kind} is in {name}:"
            f" {most / 1e9:.3g} of {total / 1e9:.3g} GFLOP"
            f"{f', and {_percent(timed)} of the time of its operations' if timed else ''}."
        )
        yield _steady(evidence, "arithmetic", text, {kind: timed or most / total})


def unweighted(evidence: Evidence) -> Iterator[Found]:
    """A term of the loss that is computed where its weight is 0."""
    for term, kinds in idle_terms(evidence.epochs).items():
        here = sum(evidence.schedule.get(kind, 0) for kind in kinds)
        share = f"{_percent(here / sum(evidence.schedule.values()))} of epochs" if here else "Epochs"
        shares = {kind: _share_of(evidence, term, kind) for kind in kinds}
        own = sum(part * _spent(evidence, [kind]) for kind, part in shares.items())
        text = (
            f"{share} compute a {term} loss whose weight is 0 (kind {', '.join(kinds)}): the total is the same without."
            f"{f' It has {_seconds(own)} of their {_seconds(_spent(evidence, kinds))}.' if own else ''}"
        )
        yield _steady(evidence, "unweighted", text, shares) if own else Found("unweighted", text)


def _share_of(evidence: Evidence, term: str, kind: str) -> float:
    """The share of an epoch of `kind` that goes to the scope named after `term`: by the time of its operations, or,
    where that was not seen, by its arithmetic."""
    parts = evidence.times.get(kind) or evidence.parts.get(kind, {})
    own = sum(number for name, number in parts.items() if name.partition("/")[0] == term)
    return own / sum(parts.values()) if own else 0.0


def _steady(evidence: Evidence, rule: str, text: str, shares: Mapping[str, float]) -> Found:
    """What takes these shares of steady epochs, by their kind."""
    seconds = sum(share * _spent(evidence, [kind]) for kind, share in shares.items())
    whole = {kind: _trained(evidence, kind) for kind in dict.fromkeys(epoch.kind for epoch in evidence.epochs)}
    part = sum(share * whole.get(kind, 0.0) for kind, share in shares.items())
    return Found(rule, text, seconds, part / (sum(whole.values()) or 1.0))


def _spent(evidence: Evidence, kinds: Sequence[str]) -> float:
    """Seconds of the steady epochs of these kinds that were run."""
    return sum(epoch.wall for epoch in evidence.epochs if epoch.kind in kinds and not epoch.first)


def _trained(evidence: Evidence, kind: str) -> float:
    """Seconds that the steady epochs of one kind take of a whole training; of those that ran, if nobody knows."""
    steady = [epoch.wall for epoch in evidence.epochs if epoch.kind == kind and not epoch.first]
    return sum(steady) / len(steady) * (evidence.schedule.get(kind) or len(steady)) if steady else 0.0


def heavy(evidence: Evidence) -> Iterator[Found]:
    """A phase that takes much of an epoch, and is not the step that trains."""
    told: dict[str, list[Phase]] = {}
    for one in evidence.phases:
        of_kind = [phase for phase in evidence.phases if phase.kind == one.kind]
        inner = max((phase.total_seconds for phase in of_kind if phase.path.startswith(f"{one.path} > ")), default=0.0)
        says_more = inner >= MOSTLY * one.total_seconds
        trains = STEP.search(one.path.partition(" > ")[0])
        if one.path and not trains and _whole_share(one, of_kind) >= HEAVY and not says_more:
            told.setdefault(one.path, []).append(one)
    for path, found in told.items():
        shares = {one.kind: _whole_share(one, [p for p in evidence.phases if p.kind == one.kind]) for one in found}
        most = max(found, key=lambda one: shares[one.kind])
        more = f", and nearly as much of {', '.join(kind for kind in shares if kind != most.kind)}" if found[1:] else ""
        took = _seconds(most.total_seconds)
        text = f"The phase {path} takes {_percent(shares[most.kind])} of an epoch of kind {most.kind}: {took}{more}."
        yield _steady(evidence, "heavy", text, shares)


def _whole_share(one: Phase, of_kind: Sequence[Phase]) -> float:
    """The share of an epoch that a phase takes with what is in it."""
    return one.total_seconds / sum(phase.own_seconds for phase in of_kind)


def growing(evidence: Evidence) -> Iterator[Found]:
    """Memory that grows from epoch to epoch."""
    for kind, one in evidence.growths.items():
        if one.verdict == "growing":
            text = (
                f"Memory grows by {one.bytes_per_epoch / 1e6:.3g} MB an epoch"
                f" [{one.low / 1e6:.3g}, {one.high / 1e6:.3g}], in epochs of kind {kind}: {_kept(one.sizes)}."
            )
            yield Found("growing", text)


def _kept(sizes: Mapping[str, float]) -> str:
    grown = " and ".join(f"{name} by {more:.3g}" for name, more in sizes.items())
    return f"meanwhile its trainer's sizes grow, {grown} an epoch" if grown else "something keeps what each makes"


RULES: tuple[Callable[[Evidence], Iterator[Found]], ...] = retraced, recompiled, arithmetic, unweighted, heavy, growing


def _epochs(evidence: Evidence) -> str:
    return f"{len(evidence.epochs)} epochs"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _seconds(value: float) -> str:
    return f"{value:.3g} s" if value >= 0.9995 else f"{1e3 * value:.3g} ms"

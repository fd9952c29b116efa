"""Where the difference between an arm and the baseline comes from, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from harness import rounding
from harness.analysis.comparison.tracing import TracingChange
from harness.analysis.comparison.why import Of, Why
from harness.analysis.stats.verdicts import SAME, UNSURE
from harness.report import units
from harness.report.sections.places import make_namer
from harness.report.summary import ArmSummary, Summary
from harness.report.wording import words
from harness.report.wording.changes import describe_between, describe_line, describe_reason, describe_tracing

MOST_SENTENCES = 5
LEAST = 0.1
"""The share of a difference from which on a sentence names a line."""
MOSTLY = 0.5
"""The share of a difference from which on single events come first."""
SURE = 0.03
"""Differences below this share of the baseline are not explained where there is no verdict."""
WHOLE = 1.005
"""Shares above this are more than all of a difference."""


def sentences(summary: Summary) -> Iterator[str]:
    """At most five: for each arm the lines that make most of its difference, the arms that differ most first."""
    arms = sorted(_find_different(summary), key=lambda arm: -_get_distance(arm))
    each = max(1, MOST_SENTENCES // max(len(arms), 1))
    baseline = next(arm for arm in summary.arms if arm.name == summary.baseline)
    found = (islice(_describe_arm(arm, baseline), each) for arm in arms)
    yield from islice((sentence for own in found for sentence in own), MOST_SENTENCES)


def arithmetic(summary: Summary) -> Iterator[str]:
    """For each arm of a gate whose arithmetic differs from its base's, the line that makes most of the difference."""
    for arm in find_explained(summary):
        if arm.why and arm.why.of is Of.ARITHMETIC:
            yield from islice(_describe_lines(arm.name, summary.baseline, arm.why), 1)


def find_explained(summary: Summary) -> list[ArmSummary]:
    """The arms whose epochs differ clearly from the baseline's for reasons that are known."""
    return [arm for arm in summary.arms if arm.why and _is_clear(arm)]


def _find_different(summary: Summary) -> list[ArmSummary]:
    """The arms of which anything is known of the difference."""
    return [arm for arm in summary.arms if (arm.why or arm.tracings) and _is_clear(arm)]


def _is_clear(arm: ArmSummary) -> bool:
    if arm.status == "failed" or arm.verdict in (SAME, UNSURE):
        return False
    return bool(arm.verdict) or _get_distance(arm) >= SURE


def _get_distance(arm: ArmSummary) -> float:
    if arm.why:
        return abs(arm.why.arm / arm.why.baseline - 1)
    return abs(arm.ratio.estimate - 1) if arm.ratio else 0.0


def unknown(summary: Summary) -> Iterator[str]:
    """Why the difference of an arm is not explained by line, where its lines or the baseline's could not be timed."""
    baseline = next(arm for arm in summary.arms if arm.name == summary.baseline)
    for arm in summary.arms:
        reasons = [f"those of {own.name} {reason}" for own in (baseline, arm) if (reason := _explain_unknown(own))]
        by_line = arm.why is not None and not arm.why.untimed
        if arm is not baseline and reasons and _is_compared(arm) and not by_line:
            yield f"By which lines {arm.name} differs from {baseline.name} is not known: {'; '.join(reasons)}."


def _explain_unknown(arm: ArmSummary) -> str:
    """Why nothing is known of the time of an arm's lines; empty if it is, or if lines were not watched."""
    if arm.untimed:
        return f"were not timed, because {arm.untimed}"
    uses = [use for own in arm.lines.values() for use in own]
    if uses and not any(use.where for use in uses):
        return "are not known, because the framework does not tell which line an operation belongs to"
    return ""


def _is_compared(arm: ArmSummary) -> bool:
    return arm.status != "failed" and arm.verdict not in (SAME, UNSURE) and arm.ratio is not None


def _describe_once(arm: ArmSummary, baseline: ArmSummary) -> tuple[float, str]:
    """The share of single events in the difference between two trainings, and a sentence about it. 0 if that is not
    known, because they did not run the same epochs."""
    one, other = arm.accounting, baseline.accounting
    if not one or not other or not one.is_comparable(other):
        return 0.0, ""
    difference = one.seconds - other.seconds
    share = (one.once.seconds - other.once.seconds) / difference
    pair = f"{rounding.seconds(other.once.seconds)} to {rounding.seconds(one.once.seconds)}"
    what, all_ = "first epochs, tracing, compiling and stalls", _describe_all_epochs(arm.name, one.epochs, difference)
    if share < 0:
        add = "costs" if difference < 0 else "saves"
        return share, f"Of {all_}, {what} {add[:-1]} {units.percent(-share)} again ({pair})."
    return share, f"Of {all_}, {_describe_share(share)} is in {what} ({pair})."


def _describe_all_epochs(name: str, epochs: int, difference: float) -> str:
    way = "less" if difference < 0 else "more"
    return f"the {rounding.seconds(abs(difference))} that {words.many(epochs, 'epoch')} of {name} take {way}"


def _describe_share(share: float) -> str:
    return "more than all" if share > WHOLE else str(units.percent(share))


def _describe_arm(arm: ArmSummary, baseline: ArmSummary) -> Iterator[str]:
    share, once = _describe_once(arm, baseline)
    traced = list(_describe_tracings(arm, baseline))
    yield from traced
    if abs(share) >= MOSTLY and not traced:
        yield once
    if arm.why:
        yield from _describe_lines(arm.name, baseline.name, arm.why)
    if LEAST <= abs(share) < MOSTLY and not traced:
        yield once


def _describe_tracings(arm: ArmSummary, baseline: ArmSummary) -> Iterator[str]:
    """What is traced or compiled where that makes the difference between all epochs, unless it is in every epoch, and
    so in the difference between two median ones."""
    one, other = arm.accounting, baseline.accounting
    if not one or not other or (arm.why and arm.why.tracings):
        return
    name = make_namer([own.more.where for own in arm.tracings])
    whole = _describe_all_epochs(arm.name, one.epochs, one.seconds - other.seconds)
    for own in arm.tracings:
        if own.share >= LEAST:
            which = describe_tracing(own, arm.name, baseline.name, name)
            yield f"Of {whole}, {_describe_bound(own)} is {name_tracing(own)}: {which}."


def name_tracing(own: TracingChange) -> str:
    """What it is called in a sentence or a table."""
    return "compiling" if own.more.compiler else "tracing"


def _describe_bound(own: TracingChange) -> str:
    return f"{'' if own.bounded or own.share > WHOLE else 'at least '}{_describe_share(own.share)}"


def _describe_lines(arm: str, baseline: str, why: Why) -> Iterator[str]:
    """Tracing first, then what is known to have changed, then what may be noise; what counteracts comes last."""
    between = [why.between_most.where] if why.between_most else []
    places = [place for change in why.changes for place in (change.where, change.via)]
    name = make_namer([*places, *between, *(own.more.where for own in why.tracings)])
    parts = [
        _Part(
            own.share,
            name_tracing(own),
            f": {describe_tracing(own, arm, baseline, name, ' an epoch')}",
            0,
            _describe_bound(own),
        )
        for own in why.tracings
    ]
    for change in why.changes:
        reason = describe_reason(change)
        what = describe_line(change, name) if change.where else "in no known line"
        parts.append(_Part(change.share, what, f": {reason}" if reason else "", 2 if change.doubtful else 1))
    if why.between_seconds is not None:
        parts.append(_Part(why.between, "between operations", f", {describe_between(why, name)}", 1))
    shown = [own for own in parts if abs(own.share) >= LEAST]
    for place, own in enumerate(sorted(shown, key=lambda own: (own.share < 0, own.rank, -abs(own.share)))):
        yield own.describe(arm, why, first=not place)


@dataclass(frozen=True)
class _Part:
    """A part of the difference between two epochs that one sentence describes."""

    share: float
    what: str
    reason: str
    rank: int
    """Parts with a lower rank come first."""
    shown: str = ""
    """The share in words, if it is not exactly known."""

    def describe(self, arm: str, why: Why, first: bool) -> str:
        share = self.shown or _describe_share(self.share)
        if self.share < 0:
            verb = "costs" if why.arm < why.baseline else "saves"
            of = _describe_whole(arm, why) if first else "that"
            start = "What is " if self.what in ("between operations", "in no known line") else ""
            return f"{start}{self.what} {verb} {units.percent(-self.share)} of {of} again{self.reason}."
        if first:
            share = f"{share[0].upper()}{share[1:]}"
            return f"{share} of {_describe_whole(arm, why)} is {self.what}{self.reason}."
        if self.share > WHOLE:
            return f"More than all of it is also {self.what}{self.reason}."
        return f"Another {share} is {self.what}{self.reason}."


def _describe_whole(name: str, why: Why) -> str:
    show = rounding.seconds if why.of is Of.TIME else rounding.flops
    verb = "saves" if why.arm < why.baseline else "adds"
    what = "in an epoch" if why.of is Of.TIME else "in the arithmetic of an epoch"
    kind = f" of kind {why.kind}" if why.kind != "epoch" else ""
    return f"what {name} {verb} {what}{kind} ({show(why.baseline)} to {show(why.arm)})"

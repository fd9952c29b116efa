"""The cost of one arm's epochs in one process: every epoch that ran counts once, and the others are projected.

Every epoch is in one of three classes:

- *once*: the first epoch of its kind, epochs before any turns, epochs that traced or compiled, and single stalls. They
  are charged as often as they occurred, with the time that they took;
- *periodic*: epochs that take longer every so many epochs (see `patterns`);
- *steady*: all other epochs, which have a rate.

Epochs that did not run are projected from the rates, sizes and periods. Single events are not projected, unless they
recurred over the epochs that ran.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Literal

import numpy as np
import pandas as pd

from harness.analysis.epochs import sizes
from harness.analysis.epochs.models import Indices, Model, Openings
from harness.analysis.epochs.patterns import STEADY, Pattern
from harness.worker.wire.messages import Segment

Scope = Literal["schedule", "epochs", "epoch"]
"""What is charged: a whole schedule, the epochs that ran, or an average epoch of a long training."""
RECURRING, RECURRING_IN_SAMPLE = 3, 2
"""The number of single events from which on more of them are projected, if each half of the epochs that ran has at
least one: for a training in order, and for a sample of a whole schedule."""
NORMAL_SHARE = 0.5
"""Tracing or compiling is taken as normal for a kind if more than this share of its epochs do it."""


@dataclass
class Bill:
    """What is charged: observed seconds, and epochs at a rate, so that a better rate can be used instead."""

    once: float = 0.0
    """Seconds."""
    units: dict[str, float] = field(default_factory=dict)
    """The number of steady epochs of each kind; an epoch that takes twice as long counts twice."""


class Account:
    """One arm in one process.

    `epochs` are the arm's rows of `shapes.Shapes`, in the order in which they ran; `patterns` is what recurs in all its
    processes, by kind. With `segments`, every epoch of that schedule is charged.
    """

    def __init__(
        self,
        epochs: pd.DataFrame,
        segments: Sequence[Segment] = (),
        patterns: Mapping[str, Pattern] | None = None,
        scope: Scope = "schedule",
    ) -> None:
        self._patterns = patterns or {}
        self._scope: Scope = scope
        self._schedule = _index_schedule(segments) if segments and scope == "schedule" else _index_ran(epochs)
        self._singles = {segment.kind for segment in segments} - {s.kind for s in segments if s.stop - s.start > 1}
        self.in_order = in_order(epochs)
        known = [
            *((segment.start, segment.sizes or {}) for segment in segments),
            *zip(epochs["index"], epochs["sizes"], strict=True),
        ]
        self._openings = Openings(segments if scope == "schedule" else (), self._singles)
        self._epochs = epochs
        self.first: dict[str, float] = epochs[epochs["first"]].groupby("kind")["wall"].first().to_dict()
        """Seconds of the first epoch of each kind."""
        self._models = {kind: self._fit_model(kind, known) for kind in self._schedule}
        self.rate: dict[str, float] = {kind: model.mean for kind, model in self._models.items() if model}
        """Seconds of a steady epoch of each kind, averaged over those in turns."""
        self.projects_traces = self.projects_stalls = False
        """Whether epochs that traced or compiled, or single stalls, recurred, so that the epochs that did not run are
        charged for more of them."""
        self._errors: dict[int, float] = {}
        self.bill: Bill | None = self._charge_per_epoch() if scope == "epoch" else self._charge_schedule()
        """None if some kind was not measured."""

    @property
    def ran(self) -> float:
        """Seconds of all epochs that ran."""
        return float(self._epochs["wall"].sum())

    @property
    def all_ran(self) -> bool:
        """Whether every charged epoch has run, in the order of a training."""
        return self.in_order and sum(map(len, self._schedule.values())) <= len(self._epochs)

    @property
    def total(self) -> float | None:
        """Seconds; None if some kind was not measured. If all epochs ran, it is their sum."""
        if self._scope != "epoch" and self.all_ran:
            return self.ran
        return self.charged(self.rate)

    @property
    def errors(self) -> dict[int, float]:
        """By the epoch of each single event: the standard deviation of the error of what is charged because of it for
        epochs that did not run, as a share of the total. Events are few, so their frequency is known only roughly."""
        charged = self.charged(self.rate)
        if not charged or (self._scope != "epoch" and self.all_ran):
            return {}
        return {index: error / charged for index, error in self._errors.items()}

    def charged(self, rates: Mapping[str, float]) -> float | None:
        """Return the seconds of the bill at these rates; None if some kind was not measured."""
        if self.bill is None:
            return None
        return self.bill.once + sum(number * rates[kind] for kind, number in self.bill.units.items() if number)

    @property
    def beyond(self) -> float:
        """Seconds that first epochs, and epochs that traced, compiled or opened a stretch, took beyond steady ones."""
        firsts = (max(wall - self.rate.get(kind, wall), 0.0) for kind, wall in self.first.items())
        own = self._epochs[self._epochs["once"] & ~self._epochs["first"]]
        return (
            sum(firsts)
            + float(self._compute_excess(own).clip(lower=0.0).sum())
            + sum(self._compute_opening_charges().values())
        )

    def classes(self) -> pd.DataFrame:
        """Return the epochs that ran with the class of each, `once`, `periodic` or `steady`, in the column `of`."""
        found = self._epochs
        label = np.full(len(found), "steady", dtype=object)
        for kind, own in found.groupby("kind"):
            pattern = self._patterns.get(str(kind), STEADY)
            place = found.index.get_indexer(own.index)
            indices = own["index"].to_numpy()
            if pattern.period:
                label[place[np.isin(indices % pattern.period, list(pattern.phases))]] = "periodic"
            label[place[np.isin(indices, list(pattern.events))]] = "once"
        label[(found["once"] | found["first"]).to_numpy()] = "once"
        return found.assign(of=label)

    # Charges

    def _charge_schedule(self) -> Bill | None:
        """Charge the schedule, or what ran; None if some kind was not measured."""
        bill = Bill()
        opened = self._compute_opening_charges()
        for kind, indices in self._schedule.items():
            own = self._epochs[self._epochs["kind"] == kind]
            model, first = self._models[kind], self.first.get(kind)
            if first is None and not len(own[~own["once"]]):
                return None
            others = indices[1:] if first is not None else indices
            bill.once += first or 0.0
            if not len(others):
                continue
            if model is None:
                return None
            charged = own["once"] | (kind in self._singles)  # single epochs as they ran
            seen = own[charged & ~own["first"] & ~own["opening"] & own["index"].isin(others)]
            seen = seen.drop_duplicates("index")
            if not self.in_order and kind not in self._singles:  # of a sample, only their excess
                bill.once += float(self._compute_excess(seen).sum())
                seen = seen.iloc[:0]
            bill.once += float(seen["wall"].sum()) + sum(opened.get(index, 0.0) for index in others.tolist())
            left = others[~np.isin(others, seen["index"].to_numpy())]
            bill.units[kind] = float((model.relative(left) * self._get_pattern(kind).at(left)).sum())
            self._project_recurring(bill, kind, own, left)
        return bill

    def _charge_per_epoch(self) -> Bill | None:
        """Charge an average epoch after the lead, over whole periods of the kinds if there are any."""
        window = self._epochs[~self._epochs["lead"]]
        if window.empty:
            return None
        bill = Bill()
        for kind, share in _compute_kind_shares(window).items():
            own = window[window["kind"] == kind]
            model, pattern = self._models[kind], self._get_pattern(kind)
            if model is None:
                return None
            met = [index for index in own["index"].tolist() if index in pattern.events]
            more = [pattern.events[index] - 1 for index in met]
            growth = float(model.relative(own["index"].to_numpy()).mean())
            bill.units[kind] = share * growth * pattern.mean + sum(more) / len(window)
            once = own[own["once"] & ~own["first"]]
            excess = self._compute_excess(once)
            bill.once += float(excess.sum()) / len(window)
            self._note_events(once["index"], excess, 1 / len(window), varies=False)
            self._note_events(met, [self.rate[kind] * one for one in more], 1 / len(window), varies=False)
        return bill

    def _project_recurring(self, bill: Bill, kind: str, own: pd.DataFrame, left: Indices) -> None:
        """Charge events that recurred, though not periodically, for the epochs that did not run."""
        window = own[~own["lead"] & ~own["first"] & ~own["opening"]]
        unseen = int((~np.isin(left, own["index"].to_numpy())).sum())
        if not unseen or kind in self._singles or window.empty:
            return
        middle = window["index"].median()
        traced = window[window["once"]]
        enough = RECURRING if self.in_order else RECURRING_IN_SAMPLE
        if _has_recurred(traced["index"].to_numpy(), middle, enough):
            self.projects_traces = True
            excess = self._compute_excess(traced)
            bill.once += unseen * float(excess.sum()) / len(window)
            self._note_events(traced["index"], excess, unseen / len(window))
        events = self._get_pattern(kind).events
        met = np.array([index for index in window["index"].tolist() if index in events], dtype=int)
        if _has_recurred(met, middle, enough):
            self.projects_stalls = True
            more = [events[index] - 1 for index in met.tolist()]
            bill.units[kind] += unseen * sum(more) / len(window)
            self._note_events(met, [self.rate[kind] * one for one in more], unseen / len(window))

    def _note_events(
        self, indices: Iterable[int], excess: Iterable[float], further: float, varies: bool = True
    ) -> None:
        """Note that events in these epochs, which took `excess` seconds, are projected over `further` times as many
        epochs. As a compound Poisson process, its rate is known only from these, and what follows `varies` by itself,
        unless it is the mean of a long training."""
        for index, seconds in zip(indices, excess, strict=True):
            error = seconds * sqrt(further * ((1 if varies else 0) + further))
            self._errors[index] = self._errors.get(index, 0.0) + error

    # The time of an epoch

    def _get_pattern(self, kind: str) -> Pattern:
        return self._patterns.get(kind, STEADY)

    def _fit_model(self, kind: str, known: Sequence[tuple[int, Mapping[str, float]]]) -> Model | None:
        """Fit the time of a steady epoch to the epochs in turns, with the pattern divided out."""
        own = self._epochs[self._epochs["kind"] == kind]
        if kind in self._singles:
            seen = own[~own["first"]]
        else:
            counted = own[(own["round"] > 0) & ~own["first"]]
            seen = counted[~counted["once"]] if len(counted[~counted["once"]]) else counted
        if len(seen):
            indices = seen["index"].to_numpy()
            walls = seen["wall"].to_numpy() / self._get_pattern(kind).at(indices)
            fitted = sizes.fit(sizes.at(indices, known), walls)
            return Model(lambda wanted: fitted(sizes.at(wanted, known)), indices)
        if kind in self.first and len(self._schedule[kind]) <= 2:
            # A kind of very few epochs may have been measured in its first one alone.
            return Model(lambda wanted: np.full(len(wanted), self.first[kind]), np.array([0]))
        return None

    def _compute_excess(self, own: pd.DataFrame) -> "pd.Series[float]":
        """Return the seconds that epochs took beyond steady ones at the same place."""
        usual = pd.Series(0.0, index=own.index)
        for kind, some in own.groupby("kind"):
            model = self._models.get(str(kind))
            if model is None:
                return own["wall"] * 0.0
            indices = some["index"].to_numpy()
            usual.loc[some.index] = model.seconds(indices) * self._get_pattern(str(kind)).at(indices)
        return own["wall"] - usual

    def _compute_opening_charges(self) -> dict[int, float]:
        """Return the seconds beyond a steady epoch of each epoch that opens a stretch; for a training in order, only of
        those that did not run, since the others are charged what they took."""
        charges = self._openings.charges(self._epochs, self._models)
        ran = set(self._epochs["index"]) if self.in_order else set()
        return {index: seconds for index, seconds in charges.items() if index not in ran}


def in_order(epochs: pd.DataFrame) -> bool:
    """Whether these are epochs 0, 1, 2, ... of a training, each once."""
    return bool(epochs["index"].tolist() == list(range(len(epochs))))


def classified(epochs: pd.DataFrame, segments: Sequence[Segment] = ()) -> pd.DataFrame:
    """Return the epochs of one process with three more columns: `lead`, epochs that ran in order before any turn;
    `opening`, the first epoch of a stretch of a schedule that is sampled by `seek`; and `once`, epochs without a rate,
    except first ones.

    For arms that seek, only traces in a turn count: traces before a turn are caused by sampling.
    """
    ordered = in_order(epochs)
    singles = {segment.kind for segment in segments} - {s.kind for s in segments if s.stop - s.start > 1}
    turning = (epochs["round"] > 0) | epochs["settling"]
    single = epochs["kind"].isin(singles)
    lead = ordered & ~turning.cummax()
    opening = (not ordered) & epochs["index"].isin(Openings(segments, singles).indices)
    eventful = ((epochs["traces"] > 0) | (epochs["compiles"] > 0)) & (ordered | turning) & ~single
    share = eventful[turning].groupby(epochs["kind"][turning]).mean()
    normal = epochs["kind"].isin(share[share > NORMAL_SHARE].index)
    return epochs.assign(lead=lead, opening=opening, once=(eventful & ~normal) | lead | opening | (ordered & single))


def _has_recurred(indices: Indices, middle: float, enough: int) -> bool:
    late = int((indices >= middle).sum())
    return len(indices) >= enough and 0 < late < len(indices)


def _compute_kind_shares(window: pd.DataFrame) -> dict[str, float]:
    """Return the share of each kind among the epochs, over whole periods if the kinds recur periodically."""
    kinds = window.sort_values("index")["kind"].tolist()
    period = next((p for p in range(1, len(kinds) // 2 + 1) if kinds[p:] == kinds[:-p]), len(kinds))
    whole = kinds[: len(kinds) // period * period]
    return {kind: whole.count(kind) / len(whole) for kind in dict.fromkeys(whole)}


def _index_schedule(segments: Sequence[Segment]) -> dict[str, Indices]:
    """Return the indices of each kind's epochs in a schedule."""
    found: dict[str, list[int]] = {}
    for segment in segments:
        found.setdefault(segment.kind, []).extend(range(segment.start, segment.stop))
    return {kind: np.array(own, dtype=int) for kind, own in found.items()}


def _index_ran(epochs: pd.DataFrame) -> dict[str, Indices]:
    """Return the indices of each kind's epochs that ran."""
    return {str(kind): own["index"].to_numpy() for kind, own in epochs.groupby("kind", sort=False)}

"""What one arm's epochs cost in one process: every epoch that ran counts once, and those that did not run are foreseen.

An epoch is of one of three classes:

- *once*: the first of its kind, those before any turns, those that traced or compiled, and single ones that stall. They
  are charged as often as they happened, at what they took;
- *periodic*: those that take longer every so many epochs (see `patterns`);
- *steady*: all others, which have a rate.

What did not run is foreseen from the rates, sizes and periods. Single events are not, unless they have come again and
again over the epochs that ran.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from harness.analysis.epochs import sizes
from harness.analysis.epochs.models import Indices, Model, Openings
from harness.analysis.epochs.patterns import STEADY, Pattern
from harness.worker.wire.messages import Segment

Scope = Literal["schedule", "epochs", "epoch"]
"""What is charged: a whole schedule; the epochs that ran; or one epoch, on the average over a long training."""
RECURRING, RECURRING_IN_SAMPLE = 3, 2
"""Single events, of which at least one lies in either half of the epochs that ran, from which on more are foreseen: of
those of a training in order, and of a sample from all over a schedule."""
ITS_WAY = 0.5
"""The share of a kind's epochs that trace or compile from which on that is what such an epoch is."""


@dataclass
class Bill:
    """What is charged: seconds as they were seen, and epochs at a rate, so that a better rate can take its place."""

    once: float = 0.0
    """Seconds."""
    units: dict[str, float] = field(default_factory=dict)
    """How many steady epochs of each kind, an epoch that takes twice as long counted twice."""


class Account:
    """One arm in one process.

    `epochs` are the arm's rows of `shapes.Shapes`, in the order in which they ran; `patterns` what comes again in all
    its processes, by kind. With `segments` every epoch of that schedule is charged.
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
        self._schedule = _by_kind(segments) if segments and scope == "schedule" else _ran_by_kind(epochs)
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
        self._models = {kind: self._model(kind, known) for kind in self._schedule}
        self.rate: dict[str, float] = {kind: model.mean for kind, model in self._models.items() if model}
        """Seconds of a steady epoch of each kind, on the average of those in turns."""
        self.bill: Bill | None = self._per_epoch() if scope == "epoch" else self._whole()
        """None where some kind was not measured."""

    @property
    def ran(self) -> float:
        """Seconds of all epochs that ran."""
        return float(self._epochs["wall"].sum())

    @property
    def all_ran(self) -> bool:
        """Whether every epoch that is charged has run, in the order of a training."""
        return self.in_order and sum(map(len, self._schedule.values())) <= len(self._epochs)

    @property
    def total(self) -> float | None:
        """Seconds; None where some kind was not measured. Where all ran it is their sum."""
        if self._scope != "epoch" and self.all_ran:
            return self.ran
        return self.charged(self.rate)

    def charged(self, rates: Mapping[str, float]) -> float | None:
        """Seconds of the bill at these rates."""
        if self.bill is None:
            return None
        return self.bill.once + sum(number * rates[kind] for kind, number in self.bill.units.items() if number)

    @property
    def beyond(self) -> float:
        """Seconds that first epochs, and those that traced, compiled or opened a stretch, took beyond steady ones."""
        firsts = (max(wall - self.rate.get(kind, wall), 0.0) for kind, wall in self.first.items())
        own = self._epochs[self._epochs["once"] & ~self._epochs["first"]]
        return sum(firsts) + float(self._excess(own).clip(lower=0.0).sum()) + sum(self._opened().values())

    def classes(self) -> pd.DataFrame:
        """The epochs that ran with the class of each, `once`, `periodic` or `steady`, in a column of that name."""
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

    # What is charged

    def _whole(self) -> Bill | None:
        """Of the schedule, or of what ran."""
        bill = Bill()
        opened = self._opened()
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
            charged = own["once"] | (kind in self._singles)  # single epochs that ran, as they were
            seen = own[charged & ~own["first"] & ~own["opening"] & own["index"].isin(others)]
            seen = seen.drop_duplicates("index")
            if not self.in_order and kind not in self._singles:  # of a sample, all but what they took beyond others
                bill.once += float(self._excess(seen).sum())
                seen = seen.iloc[:0]
            bill.once += float(seen["wall"].sum()) + sum(opened.get(index, 0.0) for index in others.tolist())
            left = others[~np.isin(others, seen["index"].to_numpy())]
            bill.units[kind] = float((model.relative(left) * self._pattern(kind).at(left)).sum())
            self._foresee(bill, kind, own, left)
        return bill

    def _per_epoch(self) -> Bill | None:
        """Of one epoch, on the average over those after the lead: of whole periods, where there are any."""
        window = self._epochs[~self._epochs["lead"]]
        if window.empty:
            return None
        bill = Bill()
        for kind, share in _shares(window).items():
            own = window[window["kind"] == kind]
            model, pattern = self._models[kind], self._pattern(kind)
            if model is None:
                return None
            events = sum(pattern.events.get(index, 1.0) - 1 for index in own["index"].tolist()) / len(window)
            growth = float(model.relative(own["index"].to_numpy()).mean())
            bill.units[kind] = share * growth * pattern.mean + events
            bill.once += float(self._excess(own[own["once"] & ~own["first"]]).sum()) / len(window)
        return bill

    def _foresee(self, bill: Bill, kind: str, own: pd.DataFrame, left: Indices) -> None:
        """What came again and again, though not every so many epochs, is to come again in those that did not run."""
        window = own[~own["lead"] & ~own["first"] & ~own["opening"]]
        unseen = int((~np.isin(left, own["index"].to_numpy())).sum())
        if not unseen or kind in self._singles or window.empty:
            return
        middle = window["index"].median()
        traced = window[window["once"]]
        enough = RECURRING if self.in_order else RECURRING_IN_SAMPLE
        if _recur(traced["index"].to_numpy(), middle, enough):
            bill.once += unseen * float(self._excess(traced).sum()) / len(window)
        events = self._pattern(kind).events
        met = np.array([index for index in window["index"].tolist() if index in events], dtype=int)
        if _recur(met, middle, enough):
            bill.units[kind] += unseen * sum(events[index] - 1 for index in met.tolist()) / len(window)

    # What an epoch takes

    def _pattern(self, kind: str) -> Pattern:
        return self._patterns.get(kind, STEADY)

    def _model(self, kind: str, known: Sequence[tuple[int, Mapping[str, float]]]) -> Model | None:
        """Of a steady epoch: of those in turns, each part of the pattern divided out."""
        own = self._epochs[self._epochs["kind"] == kind]
        if kind in self._singles:
            seen = own[~own["first"]]
        else:
            counted = own[(own["round"] > 0) & ~own["first"]]
            seen = counted[~counted["once"]] if len(counted[~counted["once"]]) else counted
        if len(seen):
            indices = seen["index"].to_numpy()
            walls = seen["wall"].to_numpy() / self._pattern(kind).at(indices)
            fitted = sizes.fit(sizes.at(indices, known), walls)
            return Model(lambda wanted: fitted(sizes.at(wanted, known)), indices)
        if kind in self.first and len(self._schedule[kind]) <= 2:
            # A kind of very few epochs may have been seen in its first one alone.
            return Model(lambda wanted: np.full(len(wanted), self.first[kind]), np.array([0]))
        return None

    def _excess(self, own: pd.DataFrame) -> "pd.Series[float]":
        """Seconds that epochs took beyond what steady ones do there."""
        usual = pd.Series(0.0, index=own.index)
        for kind, some in own.groupby("kind"):
            model = self._models.get(str(kind))
            if model is None:
                return own["wall"] * 0.0
            indices = some["index"].to_numpy()
            usual.loc[some.index] = model.seconds(indices) * self._pattern(str(kind)).at(indices)
        return own["wall"] - usual

    def _opened(self) -> dict[int, float]:
        """Seconds beyond a steady epoch of each that opens a stretch; of a training in order, of those that did not
        run: the others took what they took."""
        charges = self._openings.charges(self._epochs, self._models)
        ran = set(self._epochs["index"]) if self.in_order else set()
        return {index: seconds for index, seconds in charges.items() if index not in ran}


def in_order(epochs: pd.DataFrame) -> bool:
    """Whether these are epochs 0, 1, 2, ... of a training, each once."""
    return bool(epochs["index"].tolist() == list(range(len(epochs))))


def classified(epochs: pd.DataFrame, segments: Sequence[Segment] = ()) -> pd.DataFrame:
    """The epochs of one process with three columns more: `lead`, what ran in order before any turn; `opening`, the
    first one of a stretch of a schedule that is sought in; and `once`, what has no rate, first epochs apart.

    Of arms that seek, only what traced in a turn is told so: what traces before one is what sampling made new.
    """
    ordered = in_order(epochs)
    singles = {segment.kind for segment in segments} - {s.kind for s in segments if s.stop - s.start > 1}
    turning = (epochs["round"] > 0) | epochs["settling"]
    single = epochs["kind"].isin(singles)
    lead = ordered & ~turning.cummax()
    opening = (not ordered) & epochs["index"].isin(Openings(segments, singles).indices)
    eventful = ((epochs["traces"] > 0) | (epochs["compiles"] > 0)) & (ordered | turning) & ~single
    share = eventful[turning].groupby(epochs["kind"][turning]).mean()
    its_way = epochs["kind"].isin(share[share > ITS_WAY].index)
    return epochs.assign(lead=lead, opening=opening, once=(eventful & ~its_way) | lead | opening | (ordered & single))


def _recur(indices: Indices, middle: float, enough: int) -> bool:
    late = int((indices >= middle).sum())
    return len(indices) >= enough and 0 < late < len(indices)


def _shares(window: pd.DataFrame) -> dict[str, float]:
    """How much of the epochs each kind makes: over whole periods, where the kinds come in one."""
    kinds = window.sort_values("index")["kind"].tolist()
    period = next((p for p in range(1, len(kinds) // 2 + 1) if kinds[p:] == kinds[:-p]), len(kinds))
    whole = kinds[: len(kinds) // period * period]
    return {kind: whole.count(kind) / len(whole) for kind in dict.fromkeys(whole)}


def _by_kind(segments: Sequence[Segment]) -> dict[str, Indices]:
    """The epochs of each kind in a schedule."""
    found: dict[str, list[int]] = {}
    for segment in segments:
        found.setdefault(segment.kind, []).extend(range(segment.start, segment.stop))
    return {kind: np.array(own, dtype=int) for kind, own in found.items()}


def _ran_by_kind(epochs: pd.DataFrame) -> dict[str, Indices]:
    """The epochs of each kind that ran."""
    return {str(kind): own["index"].to_numpy() for kind, own in epochs.groupby("kind", sort=False)}

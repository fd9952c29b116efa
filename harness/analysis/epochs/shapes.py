"""The patterns of all arms of a record, and its epochs with the factors of these patterns."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from harness.analysis.epochs import sizes
from harness.analysis.epochs.accounts import classified
from harness.analysis.epochs.patterns import STEADY, Pattern, find_pattern
from harness.record.lines import Lines
from harness.worker.wire.messages import Segment

PLACE = ["block", "group"]


class Shapes:
    """The patterns of each arm's processes, found once for a table of epochs."""

    def __init__(self, record: Lines, epochs: pd.DataFrame) -> None:
        parts = []
        for (block, group, arm), own in epochs.groupby([*PLACE, "arm"], sort=False):
            segments = record.segments(block, group, arm)
            parts.append(classified(own, segments).assign(relative=_compute_relative(own, segments)))
        table = pd.concat(parts).loc[epochs.index] if parts else epochs.assign(lead=False, opening=False, once=False)
        self._patterns: dict[str, dict[str, Pattern]] = {}
        self._local: dict[tuple[int, int, str], dict[str, Pattern]] = {}
        factors = np.ones(len(table))
        settled = np.ones(len(table))
        for (arm, kind), own in table.groupby(["arm", "kind"], sort=False):
            rows = own[~own["once"] & ~own["first"] & ((own["round"] > 0) | own["settling"])]
            process = rows["block"].astype(str) + "/" + rows["group"].astype(str)
            pattern = find_pattern(rows.assign(process=process)) if len(rows) else STEADY
            self._patterns.setdefault(str(arm), {})[str(kind)] = pattern
            for (block, group), some in own.groupby(PLACE):
                local = pattern.seen_in(rows.loc[rows.index.intersection(some.index)])
                self._local.setdefault((block, group, str(arm)), {})[str(kind)] = local
                place = table.index.get_indexer(some.index)
                factors[place] = local.at(some["index"].to_numpy())
                settled[place[some["settling"].to_numpy()]] = pattern.settling
        self.epochs = table.assign(factor=factors, settled=settled)
        """With the columns `lead`, `opening` and `once` (see `accounts.classified`), `factor`, the pattern's factor for
        each epoch, and `settled`, how many times as long as a counted epoch a settling one takes."""

    def of(self, arm: str) -> Mapping[str, Pattern]:
        """Return the patterns over all processes of an arm, by kind."""
        return self._patterns.get(arm, {})

    def in_process(self, block: int, group: int, arm: str) -> Mapping[str, Pattern]:
        """Return the same patterns with the factors that one process shows."""
        return self._local.get((block, group, arm), {})


def _compute_relative(own: pd.DataFrame, segments: list[Segment]) -> "pd.Series[float]":
    """Return the time of each epoch of a process, in units of what others of its kind and size take in turns."""
    found = pd.Series(1.0, index=own.index)
    known = [(segment.start, segment.sizes or {}) for segment in segments]
    known += list(zip(own["index"], own["sizes"], strict=True))
    for _, some in own.groupby("kind"):
        steady = some[(some["round"] > 0) & ~some["first"]]
        if steady.empty:
            continue
        fitted = sizes.fit(sizes.at(steady["index"].to_numpy(), known), steady["wall"].to_numpy())
        level = fitted(sizes.at(some["index"].to_numpy(), known))
        varies = float(np.ptp(level)) > 0
        found.loc[some.index] = some["wall"] / (np.maximum(level, 1e-9) if varies else float(steady["wall"].median()))
    return found

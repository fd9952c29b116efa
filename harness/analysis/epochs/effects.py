"""How much longer the epochs of one arm take than those of another, by block and kind: see `stats.ratios` for what is
made of that.
"""

import numpy as np
import pandas as pd

from harness.analysis.epochs.table import in_turns
from harness.analysis.stats.ratios import guarded, typical

STALL = 1.0
"""By how many times a steady epoch one that settles must take longer than it should, to be a stall."""
QUANTILE = 0.25
"""What stands for a turn: the lower quartile of its epochs. What disturbs an epoch makes it longer, so the longer ones
tell more of the machine, and scatter more (J. Chen and J. Revels, "Robust benchmarking in noisy environments", 2016,
who take the minimum); the shortest ones scatter too."""


def by_kind(epochs: pd.DataFrame, arm: str, baseline: str) -> pd.DataFrame:
    """Each block's log-ratio of the rate of `arm` to the baseline's for each kind of epoch: what is `typical`, and that
    `of_sums`.

    Rows are (block, group, kind). `epochs` are those of `shapes.Shapes`. What the arms' patterns make of each epoch is
    divided out, and what is charged once is left out: see `accounts`. Only rounds in which both took part count for
    what is typical; the sums are of all epochs that count, and of what stalled among those that settled.
    """
    where = ["block", "group", "kind"]
    found = pd.DataFrame(columns=["typical", "of_sums"], dtype=float)
    epochs = epochs[epochs["arm"].isin([arm, baseline]) & ~epochs["once"] & ~epochs["first"]]
    steady = in_turns(epochs)
    if not {arm, baseline} <= set(steady["arm"].unique()):
        return found
    steady = steady.assign(wall=steady["wall"] / steady["factor"])
    walls = steady.groupby([*where, "round", "arm"])["wall"].quantile(QUANTILE).unstack("arm")
    walls = walls[[arm, baseline]].dropna()
    means = _means(epochs, [*where, "arm"]).unstack("arm")[[arm, baseline]].dropna()
    found["typical"] = np.log(walls[arm] / walls[baseline]).groupby(where).agg(typical)
    found["of_sums"] = np.log(means[arm] / means[baseline])
    return found.dropna()


def _means(epochs: pd.DataFrame, of: list[str]) -> "pd.Series[float]":
    """The seconds of a steady epoch by the sums of all. How much longer those take that settle is known but roughly, so
    of them only stalls are counted, which would be missing otherwise."""
    epochs = epochs[(epochs["round"] > 0) | epochs["settling"]]
    counted = epochs[~epochs["settling"]].groupby(of)[["wall", "factor"]].sum()
    means = counted["wall"] / counted["factor"]
    settled = epochs[epochs["settling"]].join(means.rename("mean"), on=of)
    beyond = settled["wall"] / settled["settled"] - settled["factor"] * settled["mean"]
    stalls = beyond.where(beyond > STALL * settled["mean"], 0.0).groupby([settled[name] for name in of]).sum()
    return means + stalls.reindex(means.index, fill_value=0.0) / epochs.groupby(of)["factor"].sum()


def effects(found: pd.DataFrame, tolerance: float) -> dict[str, list[float]]:
    """The blocks' log-ratios of each kind, of what `by_kind` found."""
    return {
        str(kind): guarded(list(own["typical"]), list(own["of_sums"]), tolerance)
        for kind, own in (found.groupby("kind", sort=False) if len(found) else ())
    }

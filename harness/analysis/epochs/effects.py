"""How much longer the epochs of one arm take than those of another, by block and kind; `stats.ratios` combines the
blocks."""

import numpy as np
import pandas as pd

from harness.analysis.epochs.table import in_turns
from harness.analysis.stats.ratios import guarded, typical

STALL = 1.0
"""A settling epoch is a stall if it exceeds its expected time by more than this many steady epochs."""
QUANTILE = 0.25
"""The quantile of its epochs that represents a turn: the lower quartile. Disturbances make epochs longer, so longer
epochs say more about the machine, and scatter more (J. Chen and J. Revels, "Robust benchmarking in noisy environments",
2016, who take the minimum); the shortest epochs scatter too."""

_PROCESS = ["block", "group", "kind"]


def log_ratios_by_kind(epochs: pd.DataFrame, arm: str, baseline: str) -> pd.DataFrame:
    """Return each block's log-ratio of the rate of `arm` to the baseline's, for each kind of epoch: a `typical` one,
    and one `of_sums`.

    Rows are (block, group, kind). `epochs` are those of `shapes.Shapes`. The effect of the arms' patterns on each epoch
    is divided out, and epochs that are charged once are left out: see `accounts`. Only rounds in which both arms took
    part count for the typical log-ratio. The sums are over all counted epochs, plus the stalls of settling epochs.
    """
    found = pd.DataFrame(columns=["typical", "of_sums"], dtype=float)
    epochs = _select(epochs, arm, baseline)
    rounds = _compute_rounds(epochs, arm, baseline)
    if rounds is None:
        return found
    means = _compute_means(epochs, [*_PROCESS, "arm"]).unstack("arm")[[arm, baseline]].dropna()
    found["typical"] = rounds.groupby(_PROCESS).agg(typical)
    found["of_sums"] = np.log(means[arm] / means[baseline])
    return found.dropna()


def scatter_within(epochs: pd.DataFrame, arm: str, baseline: str) -> float | None:
    """Return the standard deviation of the log-ratios of rounds within a process and a kind of epoch; None if no
    process has two rounds. The arguments are those of `log_ratios_by_kind`."""
    rounds = _compute_rounds(_select(epochs, arm, baseline), arm, baseline)
    if rounds is None:
        return None
    of_process = rounds.groupby(_PROCESS)
    freedom = len(rounds) - len(of_process)
    squares = float(((rounds - of_process.transform("mean")) ** 2).sum())
    return float(np.sqrt(squares / freedom)) if freedom else None


def _select(epochs: pd.DataFrame, arm: str, baseline: str) -> pd.DataFrame:
    return epochs[epochs["arm"].isin([arm, baseline]) & ~epochs["once"] & ~epochs["first"]]


def _compute_rounds(epochs: pd.DataFrame, arm: str, baseline: str) -> "pd.Series[float] | None":
    """Return the log-ratio of each round in which both arms took part; None if they took no turns."""
    steady = in_turns(epochs)
    if not {arm, baseline} <= set(steady["arm"].unique()):
        return None
    steady = steady.assign(wall=steady["wall"] / steady["factor"])
    walls = steady.groupby([*_PROCESS, "round", "arm"])["wall"].quantile(QUANTILE).unstack("arm")
    walls = walls[[arm, baseline]].dropna()
    return np.log(walls[arm] / walls[baseline])


def _compute_means(epochs: pd.DataFrame, of: list[str]) -> "pd.Series[float]":
    """Return the seconds of a steady epoch, from the sums of all epochs. The usual excess of settling epochs is known
    only roughly, so only their stalls are added, which would be missing otherwise."""
    epochs = epochs[(epochs["round"] > 0) | epochs["settling"]]
    counted = epochs[~epochs["settling"]].groupby(of)[["wall", "factor"]].sum()
    means = counted["wall"] / counted["factor"]
    settled = epochs[epochs["settling"]].join(means.rename("mean"), on=of)
    beyond = settled["wall"] / settled["settled"] - settled["factor"] * settled["mean"]
    stalls = beyond.where(beyond > STALL * settled["mean"], 0.0).groupby([settled[name] for name in of]).sum()
    return means + stalls.reindex(means.index, fill_value=0.0) / epochs.groupby(of)["factor"].sum()


def effects(found: pd.DataFrame, tolerance: float) -> dict[str, list[float]]:
    """Return the blocks' log-ratios of each kind, from the result of `log_ratios_by_kind`."""
    return {
        str(kind): guarded(list(own["typical"]), list(own["of_sums"]), tolerance)
        for kind, own in (found.groupby("kind", sort=False) if len(found) else ())
    }

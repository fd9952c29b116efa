"""The programs that the experiments compare: one training under several names, some with a deliberate slowdown.

`one` and `other` are the same program. The epochs of `slower_5` and `slower_3` take 5 and 3 % longer, because of busy
waiting for that fraction of their time. `install` registers them for other programs like an installed package.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from harness import Collection, Variant
from harness.interface import Trainer

RECIPE = "shared-times"


class Slowed:
    """A trainer whose epochs take longer by a fraction of their time."""

    def __init__(self, trainer: Trainer, share: float) -> None:
        self._trainer, self._share = trainer, share

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trainer, name)

    def epoch(self, index: int) -> Mapping[str, float]:
        began = perf_counter()
        losses = self._trainer.epoch(index)
        ends = perf_counter() + self._share * (perf_counter() - began)
        while perf_counter() < ends:
            pass
        return losses


def build(share: float, case: str = "case1", scale: str = "smoke", seed: int = 0) -> Trainer:
    """Build the training, slowed down by `share`."""
    from variants.recipes import collection

    (variant,) = (variant for variant in collection.variants if variant.name == RECIPE)
    trainer: Trainer = variant.build(case=case, scale=scale, seed=seed)
    return Slowed(trainer, share) if share else trainer


def _make_variant(name: str, share: float) -> Variant:
    return Variant(name, f"{RECIPE}, {share:.0%} slower", partial(build, share), scales=("smoke", "laptop", "paper"))


one = _make_variant("one", 0.0)
other = _make_variant("other", 0.0)
slower_5 = _make_variant("slower_5", 0.05)
slower_3 = _make_variant("slower_3", 0.03)
collection = Collection((one, other, slower_5, slower_3), preload=("tensorflow", "tensorflow_probability"))


def install(folder: Path, module: str = "pairs") -> list[str]:
    """Write package metadata for the collection of `module`, an experiment, to `folder`, as an installer does.

    Returns the entries to add to the path of a program.
    """
    package = folder / f"{module}-1.dist-info"
    package.mkdir(parents=True, exist_ok=True)
    (package / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    (package / "entry_points.txt").write_text(f"[harness.variants]\n{module} = {module}:collection\n")
    return [str(folder), str(Path(__file__).parent)]

"""The schedule of the physics loss: the weights of the losses during a training, and the resulting stages.

As published: data only for 30 % of the epochs, a linear ramp of the physics weight over 40 %, and the full weight for
30 %. From the start: the physics weight rises quadratically over 70 % of the epochs. So the network is constrained in
regions without data from the start, and cannot drift to a solution from which the physics loss does not bring it back.
"""

from variants.breakage.recipe import Progression


def stage(index: int, epochs: int, progression: Progression = "published") -> str:
    """Return the stage of epoch `index` in a training of `epochs` epochs: "data", "ramp" or "full".

    The physics weight is 0 in "data", which therefore includes the first epoch of the ramp, and complete in "full".
    """
    start, stop = _find_ramp(epochs, progression)
    if index >= stop:
        return "full"
    return "data" if index <= start else "ramp"


def loss_weights(
    index: int, epochs: int, physics_weight: float, progression: Progression = "published"
) -> tuple[float, float]:
    """Return the weights of the data loss, which is always 1, and of the physics loss at epoch `index`."""
    start, stop = _find_ramp(epochs, progression)
    progress = 1.0 if index >= stop else max((index - start) / (stop - start), 0.0)
    return 1.0, physics_weight * (progress if progression == "published" else progress**2)


def refreshed(index: int, every: int) -> int:
    """Return the epoch whose weights are used at epoch `index` if they are only computed once in `every` epochs.

    This turns the ramp into a staircase with a delay of up to `every` - 1 epochs.
    """
    return index - index % every


def _find_ramp(epochs: int, progression: Progression) -> tuple[int, int]:
    """Return the first epoch of the ramp and the first one after it.

    It uses integers, because 0.7 * 10 is not 7 in floating point.
    """
    return 3 * epochs // 10 if progression == "published" else 0, 7 * epochs // 10

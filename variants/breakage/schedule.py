"""How the physics loss comes in: the weights of the losses over a training, and the stages that they make.

As published: data only for 30 % of the epochs, physics ramped in over 40 %, both in full for 30 %. From the start: the
weight of physics rises as the square of the time over 70 %, so that where no data are the network is never left free to
go where physics could not fetch it back from.
"""

from variants.breakage.recipe import Progression


def stage(index: int, epochs: int, progression: Progression = "published") -> str:
    """Which stage of a training of `epochs` the epoch `index` is in: "data", "ramp" or "full", the last for good.

    The physics weight is 0 in "data", which therefore has the first epoch of the ramp, and all of it in "full".
    """
    start, stop = _ramp(epochs, progression)
    if index >= stop:
        return "full"
    return "data" if index <= start else "ramp"


def loss_weights(
    index: int, epochs: int, physics_weight: float, progression: Progression = "published"
) -> tuple[float, float]:
    """The weights of the data loss and of the physics loss at epoch `index`; the first is 1 throughout."""
    start, stop = _ramp(epochs, progression)
    progress = 1.0 if index >= stop else max((index - start) / (stop - start), 0.0)
    return 1.0, physics_weight * (progress if progression == "published" else progress**2)


def refreshed(index: int, every: int) -> int:
    """The epoch whose weights are in use at epoch `index`, where they are computed every so many epochs only.

    The ramp becomes a staircase, up to `every` - 1 epochs late.
    """
    return index - index % every


def _ramp(epochs: int, progression: Progression) -> tuple[int, int]:
    """The first epoch of the ramp and the first after it, in integers: 0.7 * 10 is not 7 in floating point."""
    return 3 * epochs // 10 if progression == "published" else 0, 7 * epochs // 10

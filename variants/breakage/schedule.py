"""The published progression: data only for 30 % of the epochs, physics ramped in over 40 %, both in full for 30 %."""


def stage(index: int, epochs: int) -> str:
    """Which stage of a training of `epochs` the epoch `index` is in: "data", "ramp" or "full", the last for good.

    The physics weight is 0 in "data", which therefore has the first epoch of the ramp, and all of it in "full".
    """
    start, stop = _ramp(epochs)
    if index >= stop:
        return "full"
    return "data" if index <= start else "ramp"


def loss_weights(index: int, epochs: int, physics_weight: float) -> tuple[float, float]:
    """The weights of the data loss and of the physics loss at epoch `index`; the first is 1 throughout."""
    start, stop = _ramp(epochs)
    progress = 1.0 if index >= stop else (index - start) / (stop - start)
    return 1.0, physics_weight * min(max(progress, 0.0), 1.0)


def refreshed(index: int, every: int) -> int:
    """The epoch whose weights are in use at epoch `index`, where they are computed every so many epochs only.

    The ramp becomes a staircase, up to `every` - 1 epochs late.
    """
    return index - index % every


def _ramp(epochs: int) -> tuple[int, int]:
    """The first epoch of the ramp and the first after it, in integers: 0.7 * 10 is not 7 in floating point."""
    return 3 * epochs // 10, 7 * epochs // 10

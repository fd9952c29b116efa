"""Refiners in training, with a known residual in place of a network's."""

from variants.breakage.collocation import collocation_points


def by_volume(points):
    """A residual that is largest where v is."""
    return points[:, 0]


def by_time(points):
    """A residual that is largest where t is."""
    return points[:, 1]


def rows(points):
    return {tuple(row) for row in points.tolist()}


def drawn(case, scale, index, seed=0):
    """The collocation points that are drawn for an epoch."""
    return collocation_points(case, seed, "collocation", index, scale.collocation)


def train(refiner, case, scale, indices, score=by_volume, seed=0):
    """Run these epochs as a trainer would: yields the batch of each, which is trained on before the next."""
    for index in indices:
        refiner.advance(index, score)
        batch = refiner.batch(drawn(case, scale, index, seed))
        if refiner.watches:
            refiner.observe(score(batch))
        yield batch

"""What one way of training can choose. It imports nothing heavy: naming a recipe must not load TensorFlow."""

from dataclasses import dataclass, fields
from typing import Literal, get_args

Statistic = Literal["median", "mean"]
Scaling = Literal["adaptive_huber", "adaptive_epsilon", "mse", "mass"]
Nodes = Literal["fine", "coarse"]
Quadrature = Literal["next_node", "trapezoid", "four_point"]
Evaluation = Literal["whole", "chunked", "recomputed", "shared_times"]
Refinement = Literal["none", "unbounded", "capped", "sound", "r3"]
Batch = Literal["full", "half"]
Weights = Literal["every_epoch", "cached"]
Progression = Literal["published", "from_start"]
Physics = Literal["always", "lazy"]
Rate = Literal["constant", "cosine", "cosine_from_1e-3"]
Clock = Literal["log", "log1p"]
Start = Literal["learned", "exact"]
Compiler = Literal["graph", "xla"]


@dataclass(frozen=True)
class Recipe:
    """A way of training the breakage PINN: one field a design choice. It says which; `Scale` says how much.

    Raises ValueError where a field is not one of its choices.
    """

    statistic: Statistic
    """What sets the floor under the loss weights, over the batch."""
    scaling: Scaling
    """How the physics loss weighs its residuals."""
    nodes: Nodes
    """How many nodes the birth integral has."""
    quadrature: Quadrature
    """The rule that it is summed by."""
    evaluation: Evaluation
    """How the residual of a batch is computed: at once; in chunks inside a loop; in chunks that the backward pass
    recomputes; or on a grid of volumes and times, where the points of one time are each other's nodes."""
    refinement: Refinement
    """How residual-adaptive refinement (RAR) adds points where the residual is large."""
    batch: Batch
    """Whether an epoch takes all of the scale's data and collocation points, or half as many."""
    weights: Weights
    """When the schedule's loss weights are computed."""
    progression: Progression
    """How the physics loss comes in: after the data, or with them, gently."""
    physics: Physics
    """Whether the physics loss is computed while its weight is 0."""
    rate: Rate
    """The learning rate over the training: the case's, or falling from that or from 1e-3 to a thousandth of it."""
    clock: Clock
    """How the network sees time: as log(t + 1e-8), with t sampled uniformly; or as log(1 + t), sampled uniformly in
    that."""
    start: Start
    """Whether the network learns the density at t = 0, or is put beside it so that it is exact."""
    compiler: Compiler
    """What runs the compiled step: TensorFlow's graph executor, or XLA."""

    def __post_init__(self) -> None:
        for choice in fields(self):
            given, allowed = getattr(self, choice.name), get_args(choice.type)
            if given not in allowed:
                raise ValueError(f"A recipe cannot have {choice.name}={given!r}; choose one of {', '.join(allowed)}.")

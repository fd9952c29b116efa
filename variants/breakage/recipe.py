"""The design choices of a training. Importing this must not load TensorFlow."""

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
    """A way of training the breakage PINN, with one field for each design choice. Its sizes are in `Scale`.

    Raises ValueError if a field does not have one of its allowed values.
    """

    statistic: Statistic
    """The statistic over the batch that sets the floor under the squares by which the loss weights divide."""
    scaling: Scaling
    """The weighting of the residuals in the physics loss."""
    nodes: Nodes
    """The number of quadrature nodes of the birth integral."""
    quadrature: Quadrature
    """The quadrature rule of the birth integral."""
    evaluation: Evaluation
    """How the residual of a batch is computed: all points at once; in chunks inside a loop; in chunks that the backward
    pass recomputes; or on a grid of volumes and times, where the points of each time are also the quadrature nodes."""
    refinement: Refinement
    """How residual-adaptive refinement (RAR) adds points where the residual is large."""
    batch: Batch
    """Whether an epoch uses all of the scale's data and collocation points, or half of them."""
    weights: Weights
    """When the loss weights of the schedule are computed."""
    progression: Progression
    """How the physics loss is introduced: after a stage of data only, or gradually from the start."""
    physics: Physics
    """Whether the physics loss is computed while its weight is 0."""
    rate: Rate
    """The learning rate: constant at the case's value, or decaying from that value or from 1e-3 to a thousandth."""
    clock: Clock
    """The network's time input: log(t + 1e-8) with uniformly sampled t, or log(1 + t) with uniform samples of that."""
    start: Start
    """Whether the network learns the density at t = 0, or has it built in exactly."""
    compiler: Compiler
    """What runs the compiled step: TensorFlow's graph executor or XLA."""

    def __post_init__(self) -> None:
        for choice in fields(self):
            given, allowed = getattr(self, choice.name), get_args(choice.type)
            if given not in allowed:
                raise ValueError(f"A recipe cannot have {choice.name}={given!r}; choose one of {', '.join(allowed)}.")

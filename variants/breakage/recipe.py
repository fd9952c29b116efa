"""What one way of training can choose. It imports nothing heavy: naming a recipe must not load TensorFlow."""

from dataclasses import dataclass, fields
from typing import Literal, get_args

Statistic = Literal["median", "mean"]
Scaling = Literal["adaptive_huber", "adaptive_epsilon", "mse"]
Evaluation = Literal["whole", "chunked"]
Refinement = Literal["unbounded", "capped"]


@dataclass(frozen=True)
class Recipe:
    """A way of training the breakage PINN: one field a design choice. It says which; `Scale` says how much.

    Raises ValueError where a field is not one of its choices.
    """

    statistic: Statistic
    """What sets the floor under the loss weights, over the batch."""
    scaling: Scaling
    """How the physics loss weighs its residuals."""
    evaluation: Evaluation
    """How the residual of a batch is computed: at once, or in chunks inside a loop."""
    refinement: Refinement
    """How residual-adaptive refinement (RAR) adds points where the residual is large."""

    def __post_init__(self) -> None:
        for choice in fields(self):
            given, allowed = getattr(self, choice.name), get_args(choice.type)
            if given not in allowed:
                raise ValueError(f"A recipe cannot have {choice.name}={given!r}; choose one of {', '.join(allowed)}.")

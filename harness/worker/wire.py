"""What the parent and an arm's child say to each other: one JSON object a message, over a pipe of their own."""

from multiprocessing.connection import Connection

import msgspec

from harness.plan.plan import Arm
from harness.record.schema import Description, Epoch, Idle, Variables


class Source(msgspec.Struct, frozen=True):
    """Where an arm's own code is."""

    folder: str
    """The top of a repository's files: the working tree, or another folder with those of a revision."""
    prefix: str
    """The working directory in it; empty at its top."""
    instead_of: str | None = None
    """The working tree whose code is not to be imported."""


class Build(msgspec.Struct, frozen=True, tag=True):
    """Parent to child, first: prepare the process and build the trainer."""

    arm: Arm
    case: str | None
    scale: str | None
    seed: int
    cores: list[int]
    """The processors to run on; as many threads as these."""
    journal: str
    """The file in which the child keeps the finished epochs of the slice it is running."""
    allow_nonfinite: bool = False
    whole: bool = False
    """Whether it is to be trained as a whole and evaluated, for which it must have a length, and `evaluate`."""
    epochs: int | None = None
    """How long to train it, where the plan says so."""
    exact_memory: bool = False
    """Whether memory that is freed is to be handed back at once, whatever that costs."""
    notes_phases: bool = False
    """Whether to note in which phase a function is traced."""
    source: Source | None = None
    """None: as for any program that is started in the working directory."""
    preload: tuple[str, ...] = ()
    """The modules that an arm which is forked has imported already. Any other imports them first, too."""


class Run(msgspec.Struct, frozen=True, tag=True):
    """Parent to child: run these epochs."""

    indices: list[int]
    note_calls: bool = False
    """Whether to note what these epochs call, so that their operations can be counted later."""
    probe: str | None = None
    """What to watch them by."""
    timeline: str | None = None
    """The file in which to draw them."""
    least: int = 0
    """How many of them to run in any case,"""
    seconds: float | None = None
    """before ending with the epoch in which they have taken so long."""


class StateObjective(msgspec.Struct, frozen=True, tag=True):
    """Parent to child, before any epoch: say what your loss is made of."""


class CountWork(msgspec.Struct, frozen=True, tag=True):
    """Parent to child, after the last epoch and `Finish`: count the operations of the epochs whose calls were noted."""

    rate: bool = True
    """Whether to measure what large matrix products reach, too, which takes some seconds."""


class Evaluate(msgspec.Struct, frozen=True, tag=True):
    """Parent to child: say what you have come to."""

    epochs: int
    """How many it has been trained for by now."""
    metric: str | None
    """The one that must be among the answers."""

    @property
    def moment(self) -> str:
        return f"in evaluate() after {self.epochs} {'epoch' if self.epochs == 1 else 'epochs'}"


class Finish(msgspec.Struct, frozen=True, tag=True):
    """Parent to child, after the last epoch: say what you used."""


class State(msgspec.Struct, frozen=True):
    """What a process has loaded, and what follows from that."""

    versions: dict[str, str]
    """Of the numerical libraries, by module."""
    seeded: dict[str, str]
    """By module, what its random generator was set to."""
    unavailable: dict[str, str]
    """What could not be watched, and why."""


class Built(msgspec.Struct, frozen=True, tag=True):
    description: Description
    environment: dict[str, str]
    state: State


class Ran(msgspec.Struct, frozen=True, tag=True):
    epochs: list[Epoch]
    idle: Idle | None = None
    """The wait before."""
    between: float = 0.0
    """Seconds from the order to its end that were no epoch's."""


class Stated(msgspec.Struct, frozen=True, tag=True):
    terms: dict[str, float | None] | None
    """None from a trainer that does not offer them."""


class Counted(msgspec.Struct, frozen=True, tag=True):
    flops: dict[str, float]
    """By kind of epoch."""
    unavailable: str | None
    gemm_flops_per_second: float | None
    parts: dict[str, dict[str, float]] = {}
    variables: Variables | None = None


class Evaluated(msgspec.Struct, frozen=True, tag=True):
    metrics: dict[str, float | None]


class Finished(msgspec.Struct, frozen=True, tag=True):
    peak_rss_bytes: int | None
    peak_tensor_bytes: int | None
    state: State


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Child to parent: the variant cannot go on. `epochs` are those of the slice that it did finish."""

    moment: str
    reason: str
    epochs: list[Epoch] = []
    peak_rss_bytes: int | None = None
    peak_tensor_bytes: int | None = None
    state: State | None = None
    """None where the process could not say so any more."""


Order = Build | StateObjective | Run | Evaluate | Finish | CountWork
Answer = Built | Stated | Ran | Evaluated | Finished | Counted | Failed

_encoder = msgspec.json.Encoder()
_orders = msgspec.json.Decoder(Order)
_answers = msgspec.json.Decoder(Answer)


def send(pipe: "Connection[bytes, bytes]", message: Order | Answer) -> None:
    pipe.send_bytes(_encoder.encode(message))


def receive_order(pipe: "Connection[bytes, bytes]") -> Order:
    order: Order = _orders.decode(pipe.recv_bytes())
    return order


def receive_answer(pipe: "Connection[bytes, bytes]") -> Answer:
    answer: Answer = _answers.decode(pipe.recv_bytes())
    return answer

"""What the parent and an arm's child say to each other: one JSON object a message, over a pipe of their own."""

from multiprocessing.connection import Connection

import msgspec

from harness.plan import Arm
from harness.record import Description, Epoch


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


class Run(msgspec.Struct, frozen=True, tag=True):
    """Parent to child: run these epochs."""

    indices: list[int]


class Finish(msgspec.Struct, frozen=True, tag=True):
    """Parent to child: say what you used, and end."""


class Built(msgspec.Struct, frozen=True, tag=True):
    description: Description
    environment: dict[str, str]
    versions: dict[str, str]


class Ran(msgspec.Struct, frozen=True, tag=True):
    epochs: list[Epoch]


class Finished(msgspec.Struct, frozen=True, tag=True):
    peak_rss_bytes: int | None
    peak_tensor_bytes: int | None


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Child to parent: the variant cannot go on. `epochs` are those of the slice that it did finish."""

    moment: str
    reason: str
    epochs: list[Epoch] = []
    peak_rss_bytes: int | None = None
    peak_tensor_bytes: int | None = None


Order = Build | Run | Finish
Answer = Built | Ran | Finished | Failed

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

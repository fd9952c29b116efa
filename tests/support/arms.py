"""Trainers for the engine's tests: fast ones, and ones that fail in every way. None loads TensorFlow."""

import os
import signal
import sys
import threading
import time
import weakref

from harness import Variant
from harness.worker.probes import clock


class Steady:
    """Two milliseconds an epoch."""

    def __init__(self, seed=0):
        self.seed = seed

    def epoch(self, index):
        end = time.perf_counter() + 0.002
        while time.perf_counter() < end:
            pass
        return {"loss": 1.0 / (1 + index) + self.seed}


configured = Variant("configured", "one with settings of its own", Steady, settings={"seed": 41})


class Clockwork:
    """One millisecond per epoch on a simulated clock, plus 100 ns per reading of the clock."""

    def __init__(self):
        self.now = 0
        clock.perf_counter_ns = self.read

    def read(self):
        self.now += 100
        return self.now

    def epoch(self, index):
        self.now += 1_000_000
        return {"loss": 1.0}


class Other(Steady):
    """The same with another name."""


class Leaves:
    """Leaves cyclic garbage when built. Its loss is 1 until the garbage is collected."""

    def __init__(self):
        circle = Steady()
        circle.itself = circle
        self.left = weakref.ref(circle)

    def epoch(self, index):
        return {"loss": float(self.left() is not None)}


class Sought:
    """A schedule of 100 epochs that can seek: a refinement every 20, and a batch that grows with each."""

    epochs = 100

    def kind(self, index):
        return "refine" if index and index % 20 == 0 else "early" if index < 50 else "late"

    def seek(self, index):
        pass

    def epoch(self, index):
        time.sleep(0.003 if self.kind(index) == "late" else 0.001)
        return {"loss": float(index)}


class AsSought(Sought):
    """The same with another name."""


class Growing(Sought):
    """Reports its batch size. A whole training must not call `seek` after it has started."""

    index = 0

    def seek(self, index):
        self.index = index

    def state(self):
        return {"batch_points": 64 + max(self.index - 1, 0) // 20}

    def epoch(self, index):
        assert index == self.index
        self.index = index + 1
        return super().epoch(index)

    def evaluate(self):
        return {"error": 1.0}


class WholeGrowing(Growing):
    def seek(self, index):
        raise ValueError("this is to train as a whole")


class StatesAList(Steady):
    def state(self):
        return [64, 40]


class StatesNoNumber(Sought):
    def state(self):
        return {"batch_points": "many"}


class StatesNoSize(Steady):
    def state(self):
        return {"batch_points": float("inf")}


class LongSchedule(Steady):
    """Has a known length, but cannot seek."""

    epochs = 3000


class RaisesWhenBuilt:
    def __init__(self):
        raise RuntimeError("no such grid")


class RaisesAtThree(Steady):
    def epoch(self, index):
        if index == 3:
            raise ValueError("the residual is empty")
        return super().epoch(index)


class KillsItself(Steady):
    def epoch(self, index):
        if index == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().epoch(index)


class Exits(Steady):
    def epoch(self, index):
        if index == 3:
            os._exit(0)
        return super().epoch(index)


class CallsSysExit(Steady):
    def epoch(self, index):
        if index == 3:
            sys.exit("enough")
        return super().epoch(index)


class ReturnsNone(Steady):
    def epoch(self, index):
        return None if index == 3 else super().epoch(index)


class ReturnsText(Steady):
    def epoch(self, index):
        return {"loss": "low"} if index == 3 else super().epoch(index)


class ReturnsNan(Steady):
    def epoch(self, index):
        return {"loss": float("nan")} if index == 3 else super().epoch(index)


class Hangs(Steady):
    def epoch(self, index):
        if index == 3:
            time.sleep(3600)
        return super().epoch(index)


class PrintsRubbish(Steady):
    """Writes something like harness's messages to stdout and binary to stderr; harness must ignore both."""

    def epoch(self, index):
        print('{"type":"Failed","moment":"now","reason":"nonsense"}', flush=True)
        sys.stderr.buffer.write(bytes(range(256)) + b"\x00\xff\n")
        return super().epoch(index)


class WantsInput(Steady):
    """Reads its standard input, which is empty: EOFError is its own failure, not the parent's end."""

    def epoch(self, index):
        if index == 3:
            input()
        return super().epoch(index)


class ForksAndDies(Steady):
    """Leaves a forked child that holds every file of its own open, and dies."""

    def epoch(self, index):
        if index == 3:
            if os.fork() == 0:
                time.sleep(3600)
            os._exit(7)
        return super().epoch(index)


class RedirectsItsOutput(Steady):
    """Puts objects that can only write in the place of stdout and stderr, as some loggers do, and then fails at 3."""

    class Tee:
        def write(self, text):
            return len(text)

    def __init__(self):
        super().__init__()
        sys.stdout = sys.stderr = self.Tee()

    def epoch(self, index):
        if index == 3:
            raise ValueError("said to nobody")
        return super().epoch(index)


class ClosesEverything(Steady):
    """As daemons do, and continues."""

    def epoch(self, index):
        if index == 3:
            os.closerange(3, 256)
            time.sleep(60)
        return super().epoch(index)


class FailsAtOnce(Steady):
    def epoch(self, index):
        return None


class SeeksNowhere(Sought):
    epochs = None


class Stating(Steady):
    """Reports the terms of its loss: half data, half physics."""

    physics = 0.5

    def objective(self):
        return {"data": 0.5, "physics": self.physics}


class StatingTheSame(Stating):
    physics = 0.5 * (1 + 1e-6)


class StatingAnother(Stating):
    """Another physics loss, which is not visible in the losses of its epochs."""

    physics = 0.37 * 0.5


class Drifting(Steady):
    """The same losses, but for rounding, from epoch 1 on."""

    def epoch(self, index):
        return {"loss": super().epoch(index)["loss"] * (1 + (3e-6 if index else 0))}


class RaisesInObjective(Steady):
    def objective(self):
        raise ValueError("there is no batch")


class DiesInObjective(Steady):
    def objective(self):
        os._exit(3)


class StatesText(Steady):
    def objective(self):
        return {"data": "small"}


class Restless(Steady):
    """Its thread goes on working between epochs."""

    def __init__(self, seed=0):
        super().__init__(seed)
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self):
        while True:
            sum(range(10_000))


class Slows(Steady):
    """Takes 30 ms per epoch from epoch 12 on, as when work is queued until the queue is full."""

    def epoch(self, index):
        time.sleep(0.03 * (index >= 12))
        return super().epoch(index)


class Slow(Steady):
    def epoch(self, index):
        time.sleep(0.2)
        return super().epoch(index)


class Learner(Steady):
    """A whole training: its error is 1 / (1 + epochs trained), and the seed is a metric."""

    def __init__(self, seed=0, epochs=12):
        super().__init__(seed)
        self.epochs = epochs
        self.trained = 0

    def epoch(self, index):
        assert index == self.trained
        self.trained += 1
        return super().epoch(index)

    def evaluate(self):
        return {"error": 1 / (1 + self.trained), "seed": float(self.seed)}


class StaysBad(Learner):
    def evaluate(self):
        return {"error": 0.9, "seed": float(self.seed)}


class ShortLearner(Learner):
    """Its schedule is 5 epochs, whatever length is requested."""

    def __init__(self, seed=0):
        super().__init__(seed, epochs=5)


class EndlessLearner(Learner):
    """Trains for the requested number of epochs."""

    def __init__(self, seed=0):
        super().__init__(seed)
        del self.epochs


class LateCost(Learner):
    """Its last ten epochs are of another kind."""

    def __init__(self):
        super().__init__(epochs=50)

    def kind(self, index):
        return "late" if index >= 40 else "early"


class UnstableLearner(Learner):
    """Its error is not finite from the third epoch on."""

    def evaluate(self):
        return super().evaluate() | ({"error": float("nan")} if self.trained >= 3 else {})


class RaisesInEvaluate(Learner):
    def evaluate(self):
        if self.trained >= 4:
            raise ValueError("there is no exact solution")
        return super().evaluate()


class DiesInEvaluate(Learner):
    def evaluate(self):
        os._exit(3)


class EvaluatesToNothing(Learner):
    def evaluate(self):
        return {}


class EvaluatesToText(Learner):
    def evaluate(self):
        return {"error": "small"}


class FailsAtSeedOne(Learner):
    def epoch(self, index):
        if self.seed == 1 and index == 7:
            raise ValueError("unlucky")
        return super().epoch(index)


class Solver:
    """No training: each epoch solves on a finer grid."""

    epochs = 3

    def __init__(self):
        self.solved = 0

    def epoch(self, index):
        time.sleep(0.001 * 2**index)
        self.solved += 1
        return {"residual": 0.0}

    def evaluate(self):
        assert self.solved, "it has not solved anything yet"
        return {"error": 10.0 ** -(1 + self.solved)}


def not_a_trainer():
    """Builds something without epochs."""
    return object()

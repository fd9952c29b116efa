"""Real runs whose blocks get shorter and more."""

from planned import planned

from harness.analysis.comparison.stopping import look
from harness.engine.session import measure
from harness.plan.plan import ROUNDS
from harness.record.schema import LookReason

TRAINERS = """
import time


class Quick:
    seconds = 0.002

    def epoch(self, index):
        ends = time.perf_counter() + self.seconds
        while time.perf_counter() < ends:
            pass
        return {"loss": 1.0}


class Quicker(Quick):
    seconds = 0.001
"""


def test_blocks_have_the_rounds_that_the_look_before_chose_and_may_be_many(tmp_path):
    """No time passes for the budget, so that nothing depends on how busy the machine is."""
    file = tmp_path / "trainers.py"
    file.write_text(TRAINERS)
    plan = planned("compare", [f"{file}:Quick", f"{file}:Quicker"], budget="10min", threads=1)
    record = measure(
        plan, tmp_path / "run", lambda event, record: None, lambda record: look(record, 0.0), elapsed=lambda: 0.0
    )
    rounds = [len({piece.round for piece in record.slices if piece.block == end.block}) for end in record.blocks_done]
    chosen = [one.rounds for one in record.looks]
    assert chosen[0] is None
    assert min(rounds[:2]) >= ROUNDS
    asked = [number or ROUNDS for number in chosen[1:]]
    # Some more rounds fill up whole periods of epochs.
    assert all(few <= number <= few + 5 for number, few in zip(rounds[2:], asked, strict=False))
    assert record.looks[1].most == record.most > plan.blocks, "a block takes a second or two"
    assert record.looks[-1].reason is LookReason.CLEAR

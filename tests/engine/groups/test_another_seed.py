"""A profile runs the first epochs from a second seed, and says if it changes nothing."""

import pytest
from msgspec.structs import replace
from planned import planned

from harness.cli import app
from harness.engine.groups.another_seed import MOST_SECONDS, is_worthwhile
from harness.engine.session import measure
from harness.record.schema import Epoch
from harness.report.sections import seeds
from harness.report.summarize import summarize

ARMS = """
import random

class Fixed:
    def __init__(self, seed):
        self.own = random.Random(seed)
        self.loss = 1.0

    def epoch(self, index):
        self.loss *= self.own.random()
        return {"loss": self.loss}

class Constant:
    def epoch(self, index):
        return {"loss": 1.0}

class Silent:
    def epoch(self, index):
        return {}

class Global:
    def epoch(self, index):
        return {"loss": random.random()}

def fixed(seed):
    return Fixed(0)

def seeded(seed):
    return Fixed(seed)

def fragile(seed):
    if seed:
        raise FileNotFoundError(f"data-{seed}.npz")
    return Fixed(seed)

class Dies(Fixed):
    def __init__(self, seed):
        super().__init__(seed)
        self.seed = seed

    def epoch(self, index):
        if self.seed and index == 3:
            raise ValueError("boom")
        return super().epoch(index)
"""


@pytest.fixture
def profiled(tmp_path):
    (tmp_path / "arms.py").write_text(ARMS)

    def run(name):
        plan = planned("profile", f"{tmp_path / 'arms.py'}:{name}", epochs=30)
        assert plan.tries_another_seed
        return measure(replace(plan, probes=()), tmp_path / "run", lambda event, record: None)

    return run


def test_a_seed_that_changes_nothing_is_among_the_first_sentences(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "arms.py").write_text(ARMS)
    assert app.run(["profile", "--variant", "arms.py:fixed", "--epochs", "30", "--seed", "3", "--out", "run"]) == 0
    report = (tmp_path / "run" / "report.md").read_text()
    sentence = (
        "The seed changes nothing in fixed: seeds 3 and 4 give the same losses bit for bit in all 20 epochs that both"
        " ran, so seeds show nothing of how its trainings scatter."
    )
    assert sentence in report.partition("| kind")[0]
    assert sentence in " ".join(capfd.readouterr().out.split())


@pytest.mark.parametrize("name", ["seeded", "Global", "Constant"])
def test_nothing_is_said_of_a_training_that_uses_its_seed_or_does_not_change(profiled, name):
    record = profiled(name)
    assert [end.status for end in record.ends] == ["ok", "ok"]
    assert [ready.seeded["random"] for ready in record.ready] == ["0", "1"]
    assert list(seeds.sentences(summarize(record))) == []
    assert len(record.slices) > 1
    assert [epoch.index for piece in record.watched for epoch in piece.epochs] == list(range(20))


def test_no_process_is_started_for_a_training_without_losses(profiled):
    assert len(profiled("Silent").ready) == 1


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("fragile", "with seed 1 it failed while it was being built: FileNotFoundError: data-1.npz"),
        ("Dies", "with seed 1 it failed in epoch 3: ValueError: boom"),
    ],
)
def test_a_failure_from_the_second_seed_only_leaves_the_answer_open(profiled, name, why):
    record = profiled(name)
    (arm,) = summarize(record).arms
    assert (arm.status, arm.seed_ignored) == ("ok", None)
    assert arm.unavailable["whether the seed changes anything"] == why
    assert record.watched == []


def test_who_names_passes_gets_no_other_process():
    assert not planned("profile", "fast", scale="smoke", watch=("phases",)).tries_another_seed
    assert not planned("compare", "fast", "original", scale="smoke").tries_another_seed


def test_epochs_that_take_long_are_not_run_again():
    def epochs(seconds):
        return [Epoch(index=i, kind="epoch", wall=seconds, cpu=seconds, losses={"loss": 1.0}) for i in range(4)]

    assert is_worthwhile(epochs(1.0))
    assert not is_worthwhile(epochs(MOST_SECONDS))

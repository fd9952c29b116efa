from textwrap import dedent

import pytest
from planned import planned

from harness.catalog.single import complete
from harness.errors import BadInput

TRAINER = "class Mine:\n    def epoch(self, index):\n        return {'loss': 1.0}\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda source: (tmp_path / "mine.py").write_text(dedent(source))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (TRAINER, "mine.py:Mine"),
        (
            f"'''About.'''\nimport numpy as np\nSIZE = 3\n{TRAINER}def _helper(): pass\ndef build(): pass\n",
            "mine.py:Mine",
        ),
        (f"import torch\ntorch.manual_seed(0)\n{TRAINER}", "mine.py:Mine"),
        ("def train(): pass\n", "mine.py:train"),
        ("from harness import Variant\nfast = Variant('fast', 'a line', dict)\n", "mine.py:fast"),
        ("import torch\ntorch.manual_seed(0)\ndef train(): pass\n", "mine.py"),
        (f"{TRAINER}Mine().epoch(0)\n", "mine.py"),
        (f"{TRAINER}if __name__ == '__main__':\n    print()\n", "mine.py"),
        ("for i in range(3): pass\n", "mine.py"),
        ("def (", "mine.py"),
    ],
)
def test_a_file_that_runs_nothing_means_what_it_defines(write, source, expected):
    write(source)
    assert complete("mine.py") == expected
    assert complete("mine.py --width 3") == "mine.py --width 3"
    assert complete("nosuch.py") == "nosuch.py"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            TRAINER + TRAINER.replace("Mine", "Other"),
            "that may be meant: name one of mine.py:Mine, mine.py:Other.",
        ),
        ("def a(): pass\ndef b(): pass\n", "name one of mine.py:a, mine.py:b."),
        ("import numpy\n", "mine.py defines no class or function, and runs nothing."),
    ],
)
def test_a_file_that_may_mean_several_things_is_one_sentence(write, source, message):
    write(source)
    with pytest.raises(BadInput) as caught:
        planned("profile", "mine.py")
    assert str(caught.value).endswith(message)


def test_commands_take_such_a_file(write):
    write(TRAINER)
    assert planned("profile", "mine.py").arms[0].variant == "mine.py:Mine"
    assert planned("compare", "mine.py").arms[0].label == "Mine"

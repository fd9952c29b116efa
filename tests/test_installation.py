"""What the installation needs, in environments that have nothing else."""

import os

import environments
import pytest
from environments import run

HEAVY = {"tensorflow", "tensorflow-probability", "tf-keras", "altair", "vl-convert-python", "pytest"}
TRAINERS = """
import numpy as np


class Small:
    size = 40

    def __init__(self, seed):
        self.a = np.random.default_rng(seed).normal(size=(self.size, self.size))

    def epoch(self, index):
        for _ in range(20):
            self.a = self.a @ self.a
            self.a /= np.linalg.norm(self.a)
        return {"loss": float(np.linalg.norm(self.a - 1))}


class Large(Small):
    size = 200
"""


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    """The interpreter of an environment with the project and none of its extras."""
    return environments.make(tmp_path_factory.mktemp("light"))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.py").write_text(TRAINERS)
    return tmp_path


def test_needs_no_framework_and_nothing_to_draw_with():
    assert not environments.needed("pinn-harness") & HEAVY
    assert environments.needed("pinn-harness", ["breakage"]) >= {"tensorflow", "tensorflow-probability", "tf-keras"}
    assert environments.needed("pinn-harness", ["charts"]) >= {"altair", "vl-convert-python"}
    assert environments.needed("pinn-harness", ["test"]) >= HEAVY


def test_compares_trainers_and_says_why_there_are_no_charts(light, folder):
    done = run(light, "compare", "mine.py:Small", "mine.py:Large", "--blocks", 2, "--out", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "No charts: altair is not installed. With pip install 'pinn-harness[charts]', harness report" in done.stdout
    for name in ("report.md", "report.html"):
        assert "No charts: altair is not installed." in (folder / "run" / name).read_text()
    assert not (folder / "run" / "charts").exists()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("names", [(), ("original", "moments"), ("mine.py:Small", "original")])
def test_says_what_to_install_for_the_built_in_variants(light, folder, names):
    done = run(light, "compare", *names, cwd=folder)
    assert done.returncode == 2
    assert done.stderr == (
        "harness: The variant 'original' needs tensorflow, tensorflow_probability, tf_keras, which are not installed"
        " here: pip install 'pinn-harness[breakage]'.\n"
    )
    assert not (folder / "reports").exists()


def test_lists_variants_that_cannot_run(light, folder):
    assert run(light, "--help", cwd=folder).returncode == 0
    done = run(light, "list", cwd=folder, env={"COLUMNS": "1000"})
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("Not to be run here: "))
    assert "original, moments" in line
    assert line.endswith("which are not installed here: pip install 'pinn-harness[breakage]'.")
    assert "fixed-pivot" not in line, "the classical method needs no framework"


def test_reports_without_charts_if_altair_cannot_be_imported(light, folder):
    (folder / "altair.py").write_text("raise TypeError('made for another version')")
    environment = os.environ | {"PYTHONPATH": str(folder)}
    done = run(light, "compare", "mine.py:Small", "--blocks", 1, "--epochs", 5, cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr
    assert "No charts: altair cannot be imported (TypeError: made for another version)." in done.stdout


def test_profiles_without_memory_profiler(tmp_path, folder):
    python = environments.make(tmp_path / "environment", without=["memory-profiler"])
    done = run(python, "profile", "--variant", "mine.py:Small", "--epochs", 10, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    said = " ".join(done.stdout.split())
    assert "Not available here: memory over time, because memory-profiler is not installed" in said

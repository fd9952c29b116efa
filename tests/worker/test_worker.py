"""Code in the measured process needs only Python 3.10 and its standard library."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from house import imported_by, modules
from interpreters import interpreter

import harness
from harness.engine.processes import answers
from harness.record import evidence

ROOT = Path(harness.__file__).parent.parent
OWN = ("harness.interface", "harness.loops", "harness.worker")
FILES = [
    ROOT / "harness" / "__init__.py",
    ROOT / "harness" / "interface.py",
    ROOT / "harness" / "loops.py",
    *sorted((ROOT / "harness" / "worker").rglob("*.py")),
]
PROBES = ROOT / "harness" / "worker" / "probes"


def within(name, package):
    return name == package or name.startswith(f"{package}.")


def is_everywhere(name):
    """Whether any Python has it, or it travels with the worker."""
    return name.partition(".")[0] in sys.stdlib_module_names or any(within(name, own) for own in OWN)


class AtOnce(ast.NodeTransformer):
    """What is run when a module is imported: without what is in functions."""

    def visit_FunctionDef(self, node):
        return ast.copy_location(ast.Pass(), node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815


def at_once(file, name):
    source = ast.unparse(AtOnce().visit(ast.parse(file.read_text(encoding="utf-8"))))
    return imported_by(source, name, file.name == "__init__.py")


def file_of(name):
    place = ROOT.joinpath(*name.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def test_it_imports_the_standard_library_the_interface_and_itself():
    """Only probes in framework folders may use a framework, after user code has imported it."""
    found = {name: names for name, names in modules(ROOT).items() if within(name, "harness.worker")}
    assert {file_of(name) for name in found} == set(FILES[3:])
    for name, names in found.items():
        foreign = {one for one in names if not is_everywhere(one)}
        if file_of(name).parent.parent == PROBES:
            assert not any(within(one, "harness") for one in foreign), (name, foreign)
            foreign &= at_once(file_of(name), name)
        assert foreign == set(), name


def test_imports_of_the_interface_are_available_everywhere():
    assert {one for one in modules(ROOT)["harness.interface"] if not is_everywhere(one)} == set()


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_it_is_python_3_10(file):
    ast.parse(file.read_text(encoding="utf-8"), str(file), feature_version=(3, 10))


TRAINER = """
from harness import phase


class Pinn:
    epochs = 4

    def __init__(self, seed, rate=0.0):
        self.error, self.rate = 1.0, rate

    def kind(self, index):
        return "refine" if index == 2 else "full"

    def epoch(self, index):
        with phase("step"):
            self.error *= 1 - self.rate
        return {"loss": self.error, "other": float("inf")}

    def evaluate(self):
        return {"error": self.error}
"""
CHILD = """
import json, os, sys
from harness.worker.wire.messages import Build, CountWork, Evaluate, Finish, Run, StateObjective, encode
from harness.worker.worker import Worker
import harness.worker.fork_server

worker = Worker(None)
cores = sorted(os.sched_getaffinity(0))[:1] if hasattr(os, "sched_getaffinity") else [0]
build = Build(
    variant="pinn.py:Pinn", case=None, scale=None, seed=7, cores=cores, journal="journal", settings={"rate": 0.5},
    allow_nonfinite=True, notes_phases=True,
)
orders = [build, StateObjective(), Run([0, 1]), Run([2], watch="phases", timeline="timeline.json")]
orders += [Run([3], watch="memory"), Evaluate(4, "error"), Finish(), CountWork(), Run([9])]
said = []
for order in orders:
    said.append(encode(worker.answer(order)).decode())
    worker.rest()
print(json.dumps([list(sys.version_info[:2]), said]))
"""


@pytest.fixture(params=[None, "3.10"], ids=["this Python", "Python 3.10"])
def python(request):
    return sys.executable if request.param is None else interpreter(request.param)


@pytest.fixture
def bare(tmp_path):
    """A folder that has of harness only what the worker needs."""
    package = tmp_path / "harness"
    shutil.copytree(ROOT / "harness" / "worker", package / "worker", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "interface.py", "loops.py"):
        shutil.copy(ROOT / "harness" / name, package / name)
    (tmp_path / "pinn.py").write_text(TRAINER)
    return tmp_path


def run(python, folder, code):
    """What `code` prints, without any library."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, "-S", "-c", code], check=False, capture_output=True, text=True, cwd=folder, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_can_be_imported_where_nothing_is_installed(python, bare):
    assert run(python, bare, "import harness.worker.worker, harness.worker.fork_server") == ""


def test_it_builds_and_runs_a_trainer_where_nothing_is_installed(python, bare):
    version, replies = json.loads(run(python, bare, CHILD).splitlines()[-1])
    decoder = msgspec.json.Decoder(answers.Answer)
    built, stated, ran, watched, remembered, evaluated, finished, counted, failed = map(decoder.decode, replies)
    assert tuple(version) >= (3, 10)
    assert [(one.kind, one.start, one.stop) for one in built.description.segments] == [
        ("full", 0, 2),
        ("refine", 2, 3),
        ("full", 3, 4),
    ]
    assert built.environment["OMP_NUM_THREADS"] == "1"
    assert built.state.seeded == {"random": "7"}
    assert built.state.unavailable["traces"] == "no framework that traces or compiles was loaded"
    assert stated.terms is None
    assert [(epoch.index, epoch.first, epoch.losses) for epoch in ran.epochs] == [
        (0, True, {"loss": 0.5, "other": None}),
        (1, False, {"loss": 0.25, "other": None}),
    ]
    assert ran.idle is not None
    (epoch,) = watched.epochs
    assert [(use.path, use.calls) for use in evidence.phases(epoch)] == [("", 1), ("step", 1)]
    assert {event["name"] for event in json.loads((bare / "timeline.json").read_text())["traceEvents"]} >= {"refine 2"}
    (epoch,) = remembered.epochs
    assert evidence.phases(epoch)
    assert evidence.memory(epoch) is not None
    assert evaluated.metrics == {"error": 0.0625}
    assert finished.peak_rss_bytes is None or finished.peak_rss_bytes > 1_000_000
    assert finished.state.unavailable["peak of tensors"] == "no framework was loaded that reports it"
    assert counted.flops == {}
    assert counted.unavailable == "no framework was loaded whose operations can be counted"
    assert isinstance(failed, answers.Failed)
    assert (failed.moment, failed.epochs) == ("in seek(9)", [])

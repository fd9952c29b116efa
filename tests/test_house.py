"""The arrows of the house: who may import whom, and what is not loaded before it is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import harness

ROOT = Path(harness.__file__).parent.parent
HEAVY = {
    "tensorflow",
    "tensorflow_probability",
    "tf_keras",
    "keras",
    "numpy",
    "pandas",
    "scipy",
    "altair",
    "vl_convert",
    "jinja2",
}


def imported_by(source, module, is_package=False):
    """The dotted names that Python source imports, anywhere in it, whether the name is a module or in one."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + is_package] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


def modules(*places):
    """(dotted name, what it imports) of every module in these files or folders below the root."""
    for place in places:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            parts = file.relative_to(ROOT).with_suffix("").parts
            package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if package else parts)
            yield name, imported_by(file.read_text(), name, package)


def within(name, package):
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize(
    ("source", "module", "is_package", "names"),
    [
        ("import a.b as c, d", "m", False, {"a.b", "d"}),
        ("from a import b, c", "m", False, {"a.b", "a.c"}),
        ("def f():\n    from a import b", "m", False, {"a.b"}),
        ("from . import a\nfrom .b import c\nfrom ..d import e", "x.y.z", False, {"x.y.a", "x.y.b.c", "x.d.e"}),
        ("from . import a\nfrom ..b import c", "x.y", True, {"x.y.a", "x.b.c"}),
    ],
)
def test_imports_are_seen_wherever_and_however_they_are_written(source, module, is_package, names):
    assert imported_by(source, module, is_package) == names


TOP = ("harness.cli.app", "harness.cli.dispatch")
# Arrows that there must not be: from, to.
FORBIDDEN = [
    ("harness", ["variants", "benchmarks", "tests"]),
    ("harness/probes", ["harness.analysis", "harness.engine", "harness.report", *TOP]),
    ("harness/analysis", ["harness.probes", "harness.engine", "harness.report", *TOP]),
    ("harness/report", ["harness.engine", "harness.probes", *TOP]),
    ("harness/engine", ["harness.plan.planning", "harness.analysis", "harness.report", *TOP]),
    ("harness/record/store.py", ["harness.engine", "harness.analysis", "harness.report", *TOP]),
    (
        "harness/plan/plan.py",
        ["harness.plan.planning", "harness.engine", "harness.record.store", "harness.analysis", "harness.report", *TOP],
    ),
    (
        "harness/plan/planning.py",
        ["harness.engine", "harness.record.store", "harness.analysis", "harness.report", *TOP],
    ),
    (
        "harness/plan/controls.py",
        ["harness.engine", "harness.record.store", "harness.analysis", "harness.report", *TOP],
    ),
    (
        "harness/plan/ablation.py",
        ["harness.engine", "harness.record.store", "harness.analysis", "harness.report", *TOP],
    ),
    (
        "harness/plan/cells.py",
        ["harness.engine", "harness.plan.plan", "harness.plan.planning", "harness.analysis", "harness.report", *TOP],
    ),
    ("harness/plan/claims.py", ["harness.engine", "harness.record.store", "harness.analysis", "harness.report", *TOP]),
    ("harness/plan/gate_rules.py", ["harness"]),
    (
        "harness/plan/gate_settings.py",
        ["harness.engine", "harness.record.store", "harness.analysis", "harness.report", *TOP],
    ),
    ("harness/record/compatibility.py", ["harness.engine", "harness.analysis", "harness.report", *TOP]),
    ("harness/commands/gate_plan.py", ["harness.report", *TOP]),
    ("harness/schedule/turns.py", ["harness.engine", "harness.analysis", "harness.report", *TOP]),
    (
        "harness/schedule/sampling.py",
        ["harness.engine", "harness.schedule.turns", "harness.analysis", "harness.report", *TOP],
    ),
    (
        "harness/schedule/positions.py",
        ["harness.engine", "harness.plan.plan", "harness.plan.planning", "harness.analysis", "harness.report", *TOP],
    ),
    ("harness/schedule/training_parts.py", ["harness.engine", "harness.analysis", "harness.report", *TOP]),
    (
        "harness/catalog/registry.py",
        ["harness.engine", "harness.plan.plan", "harness.plan.planning", "harness.analysis", "harness.report", *TOP],
    ),
    ("harness/worker/probes/tensorflow/hlo.py", ["harness"]),
    ("harness/interface.py", ["harness"]),
    ("harness/errors.py", ["harness"]),
]


@pytest.mark.parametrize(("place", "elsewhere"), FORBIDDEN, ids=[place for place, _ in FORBIDDEN])
def test_arrows_run_one_way(place, elsewhere):
    assert list(modules(place))
    wrong = [
        f"{module} imports {name}"
        for module, names in modules(place)
        for name in sorted(names)
        for package in elsewhere
        if within(name, package)
    ]
    assert wrong == []


def test_variants_know_only_the_interface():
    known = {f"harness.{name}" for name in harness.__all__} | {"harness", "harness.interface"}
    wrong = [
        f"{module} imports {name}"
        for module, names in modules("variants")
        for name in sorted(names)
        if within(name, "harness") and name not in known and not within(name, "harness.interface")
    ]
    assert wrong == []


def test_probes_do_not_lean_on_one_another():
    wrong = [
        f"{module} imports {name}"
        for module, names in modules("harness/probes")
        for name in sorted(names)
        if within(name, "harness.probes")
    ]
    assert wrong == []


def loaded_by(code):
    child = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(child.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import harness",
        "import harness.catalog; assert harness.catalog.registered().variants",
        "import harness.plan, harness.turns, harness.parts, harness.record",
        "import harness.engine.messages, harness.engine.machine, harness.analysis.fitness",
        "import harness.cli",
        "import harness.pytest_plugin",
        "from harness import cli; assert cli.run(['list']) == 0",
        """
from harness import cli
names = [command.name or command.callback.__name__ for command in cli.app.registered_commands]
assert {"compare", "gate", "report"} <= set(names)
assert [cli.run([*name, "--help"]) for name in ([], *([name] for name in names))] == [0] * (len(names) + 1)
""",
    ],
    ids=["harness", "catalog", "plan", "engine", "cli", "pytest", "list", "help"],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code):
    loaded = loaded_by(code)
    assert "harness" in loaded
    assert loaded & HEAVY == set()


def test_the_front_door_offers_exactly_its_public_names():
    bound = loaded_by("import harness; sys.modules = [n for n in vars(harness) if not n.startswith('_')]")
    assert bound - {"interface"} == set(harness.__all__)
    assert harness.__all__ == sorted(harness.__all__)


def test_every_name_at_the_front_door_says_what_it_is():
    for name in harness.__all__:
        assert getattr(harness, name).__doc__

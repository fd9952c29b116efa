"""The structure of the house: who may import whom, what is not loaded before it is needed, and what is in one place."""

import subprocess
import sys

import house
import pytest
from paths import ROOT

import harness

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
FLOORS = (
    ("interface", "errors", "suggest", "rounding"),
    ("worker",),
    ("catalog",),
    ("plan",),
    ("record",),
    ("schedule",),
    ("engine", "analysis"),
    ("report",),
    ("commands",),
    ("cli", "api", "pytest_plugin", "__main__"),
)
"""The top rooms, from the lowest: none imports one above it."""
APART = (("engine", "analysis"), ("engine", "report"))
"""Top rooms that do not import each other, whichever is above."""


@pytest.fixture(scope="module")
def imports():
    return house.modules(ROOT)


def within(name, package):
    return name == package or name.startswith(f"{package}.")


def wrong(imports, forbidden):
    """The arrows, in words, from a module to a name that is forbidden to it."""
    return [
        f"{module} imports {name}"
        for module, names in imports.items()
        for name in sorted(names)
        if forbidden(module, name)
    ]


@pytest.mark.parametrize(
    ("source", "module", "is_package", "names"),
    [
        ("import a.b as c, d", "m", False, {"a.b", "d"}),
        ("from a import b, c", "m", False, {"a.b", "a.c"}),
        ("def f():\n    from a import b", "m", False, {"a.b"}),
        ("from . import a\nfrom .b import c\nfrom ..d import e", "x.y.z", False, {"x.y.a", "x.y.b.c", "x.d.e"}),
        ("from . import a\nfrom ..b import c", "x.y", True, {"x.y.a", "x.b.c"}),
        ("if TYPE_CHECKING:\n    import a\nimport b", "m", False, {"b"}),
    ],
)
def test_imports_are_seen_wherever_and_however_they_are_written(source, module, is_package, names):
    assert house.imported_by(source, module, is_package) == names


def test_what_only_a_type_checker_reads_is_seen_where_it_is_asked_for():
    assert house.imported_by("if TYPE_CHECKING:\n    import a\nimport b", "m", typed=True) == {"a", "b"}


def test_a_circle_is_found():
    assert house.circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})
    assert not house.circle({"a": {"b", "c"}, "b": {"c"}, "c": set()})


# Arrows


def test_neither_modules_nor_rooms_import_each_other_in_a_circle(imports):
    assert len(imports) > 200
    assert house.circle(house.arrows(imports)) == []
    assert house.circle(house.rooms(imports)) == []


def top(module):
    """The first part after `harness.`; nothing of the front door itself."""
    return module.partition(".")[2].partition(".")[0]


def test_every_top_room_has_its_floor(imports):
    assert {top(module) for module in imports} - {""} == {room for floor in FLOORS for room in floor}


def test_no_arrow_goes_upward(imports):
    height = {room: number for number, floor in enumerate(FLOORS) for room in floor}
    upward = [
        f"{module} imports {target}"
        for module, targets in house.arrows(imports).items()
        for target in sorted(targets)
        if top(module) and top(target) and height[top(target)] > height[top(module)]
    ]
    assert upward == []


def test_the_lowest_floor_imports_nothing_of_the_house(imports):
    lowest = {f"harness.{room}" for room in FLOORS[0]}
    assert wrong(imports, lambda module, name: module in lowest and within(name, "harness")) == []


@pytest.mark.parametrize(("one", "other"), APART)
def test_some_rooms_know_nothing_of_each_other(imports, one, other):
    def forbidden(module, name):
        rooms = {top(module), top(name)}
        return within(name, "harness") and rooms == {one, other}

    assert wrong(imports, forbidden) == []


def test_harness_knows_no_variant_no_benchmark_and_no_test():
    elsewhere = ("variants", "benchmarks", "tests")
    imports = house.modules(ROOT, typed=True)
    assert wrong(imports, lambda module, name: any(within(name, package) for package in elsewhere)) == []


def test_variants_know_only_the_front_door_and_the_interface():
    known = {f"harness.{name}" for name in harness.__all__} | {"harness"}
    imports = house.modules(ROOT, "variants", typed=True)
    assert len(imports) > 20

    def forbidden(module, name):
        return within(name, "harness") and name not in known and not within(name, "harness.interface")

    assert wrong(imports, forbidden) == []


# What is loaded when


def printed_by(code):
    """What a fresh interpreter that runs `code` prints last."""
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    return child.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "code",
    [
        "import harness",
        "from harness.catalog import registry; assert registry.registered().variants",
        "import harness.plan.planning, harness.plan.controls, harness.plan.ablation, harness.plan.cells",
        "import harness.schedule.turns, harness.schedule.training_parts, harness.record.store",
        "import harness.worker.wire.messages, harness.engine.machine.machine, harness.analysis.machine.fitness",
        "import harness.commands.registry, harness.api",
        "import harness.cli.app",
        "import harness.pytest_plugin",
        "from harness.cli import app; assert app.run(['list']) == 0",
        """
from harness.cli import app
from harness.commands.registry import COMMANDS
names = [command.name or command.callback.__name__ for command in app.build().registered_commands]
assert set(names) == {"list", *COMMANDS, "report"}
assert [app.run([*name, "--help"]) for name in ([], *([name] for name in names))] == [0] * (len(names) + 1)
""",
    ],
    ids=["harness", "catalog", "plan", "schedule and record", "engine", "api", "cli", "pytest", "list", "help"],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code):
    loaded = set(printed_by(f"import sys\n{code}\nprint(*sys.modules)"))
    assert "harness" in loaded
    assert loaded & HEAVY == set()


# The front door


def test_the_front_door_offers_exactly_its_public_names():
    assert harness.__all__ == sorted(harness.__all__)
    assert printed_by("import harness; print(*dir(harness))") == harness.__all__
    for name in harness.__all__:
        assert getattr(harness, name)
    with pytest.raises(AttributeError, match="has no attribute 'comapre'"):
        _ = harness.comapre


def test_every_name_at_the_front_door_says_what_it_is():
    assert harness.__doc__
    for name in set(harness.__all__) - {"__version__"}:
        assert getattr(harness, name).__doc__


# What is in one place


def grep(pattern, *options):
    """The lines of the package that match, as `file:line:text`."""
    command = ["git", "grep", "-nE", *options, pattern, "--", "harness"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode > 1:
        pytest.skip("this is no checkout")
    return done.stdout.splitlines()


def test_what_a_command_does_follows_from_no_comparison_with_its_name():
    found = grep("command (==|in|!=)")
    assert [line for line in found if not line.startswith("harness/commands/registry.py:")] == []


def test_one_framework_is_named_where_it_is_watched_and_where_it_is_reported():
    known = ("harness/worker/probes/tensorflow/", "harness/record/schema", "harness/report/")
    assert [line for line in grep("tensorflow|xla", "-i") if not line.startswith(known)] == []

"""The structure of the package: allowed imports, lazy loading, and what may occur in one place only."""

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
    ("interface", "loops", "errors", "suggest", "rounding"),
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
    """The imports from a module to a forbidden name, in words."""
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
def test_finds_imports_of_every_form_and_place(source, module, is_package, names):
    assert house.imported_by(source, module, is_package) == names


def test_finds_type_checking_imports_on_request():
    assert house.imported_by("if TYPE_CHECKING:\n    import a\nimport b", "m", typed=True) == {"a", "b"}


def test_finds_an_import_cycle():
    assert house.circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})
    assert not house.circle({"a": {"b", "c"}, "b": {"c"}, "c": set()})


# Arrows


def test_modules_and_packages_have_no_import_cycles(imports):
    assert len(imports) > 200
    assert house.circle(house.arrows(imports)) == []
    assert house.circle(house.rooms(imports)) == []


def top(module):
    """The first part after `harness.`; empty for the package itself."""
    return module.partition(".")[2].partition(".")[0]


def test_every_top_level_package_has_a_layer(imports):
    assert {top(module) for module in imports} - {""} == {room for floor in FLOORS for room in floor}


def test_no_import_goes_to_a_higher_layer(imports):
    height = {room: number for number, floor in enumerate(FLOORS) for room in floor}
    upward = [
        f"{module} imports {target}"
        for module, targets in house.arrows(imports).items()
        for target in sorted(targets)
        if top(module) and top(target) and height[top(target)] > height[top(module)]
    ]
    assert upward == []


def test_lowest_layer_imports_nothing_of_the_package(imports):
    lowest = {f"harness.{room}" for room in FLOORS[0]}
    assert wrong(imports, lambda module, name: module in lowest and within(name, "harness")) == []


@pytest.mark.parametrize(("one", "other"), APART)
def test_some_packages_do_not_import_each_other(imports, one, other):
    def forbidden(module, name):
        rooms = {top(module), top(name)}
        return within(name, "harness") and rooms == {one, other}

    assert wrong(imports, forbidden) == []


def test_harness_imports_no_variants_benchmarks_or_tests():
    elsewhere = ("variants", "benchmarks", "tests")
    imports = house.modules(ROOT, typed=True)
    assert wrong(imports, lambda module, name: any(within(name, package) for package in elsewhere)) == []


def test_variants_import_only_the_public_package_and_interface():
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
        "import harness.worker.wire.messages, harness.engine.machine.machine, harness.report.wording.machine",
        "import harness.commands.registry, harness.api",
        "import harness.cli.app",
        "import harness.pytest_plugin",
        "from harness.cli import app; assert app.run(['list']) == 0",
        """
from harness.cli import app
from harness.commands.registry import COMMANDS
names = [command.name or command.callback.__name__ for command in app.build().registered_commands]
assert set(names) == {"list", *COMMANDS, "report", "new"}
assert [app.run([*name, "--help"]) for name in ([], *([name] for name in names))] == [0] * (len(names) + 1)
""",
    ],
    ids=["harness", "catalog", "plan", "schedule and record", "engine", "api", "cli", "pytest", "list", "help"],
)
def test_heavy_modules_are_not_loaded_early(code):
    loaded = set(printed_by(f"import sys\n{code}\nprint(*sys.modules)"))
    assert "harness" in loaded
    assert loaded & HEAVY == set()


# The front door


def test_package_exports_exactly_its_public_names():
    assert harness.__all__ == sorted(harness.__all__)
    assert printed_by("import harness; print(*dir(harness))") == harness.__all__
    for name in harness.__all__:
        assert getattr(harness, name)
    with pytest.raises(AttributeError, match="has no attribute 'comapre'"):
        _ = harness.comapre


def test_every_public_name_has_a_docstring():
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


def test_no_code_branches_on_the_name_of_a_command():
    found = grep("command (==|in|!=)")
    assert [line for line in found if not line.startswith("harness/commands/registry.py:")] == []


def test_tensorflow_is_named_only_in_probes_adapters_schemas_and_reports():
    known = (
        "harness/worker/probes/tensorflow/",
        "harness/worker/probes/jax/",  # the compiler is the same
        "harness/worker/probes/profiles.py",  # and so is the format of profiles
        "harness/worker/probes/hlo_traffic.py",  # and that of compiled programs
        "harness/worker/programs/adapters/",
        "harness/record/schema",
        "harness/report/",
        "harness/cli/start",
    )
    assert [line for line in grep("tensorflow|xla", "-i") if not line.startswith(known)] == []

"""An arm imports the code of its own revision, never code of the same name from the other."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import write

from harness.worker.imports import sources
from harness.worker.wire.messages import Source

CHILD = """
import json, sys
from harness.worker.imports import loading, sources
from harness.worker.wire.messages import Source
source = Source(**json.loads(sys.argv[1]))
sources.use(source)
here, *_ = sources.folders(source)
try:
    variant = loading.load(sources.reference(sys.argv[2], source), here)
    print(json.dumps([variant.build(), sources.stray(source)]))
except ImportError as error:
    print(json.dumps([str(error), None]))
"""
WHERE = "from {helper} import VALUE\n\n\ndef where():\n    return VALUE\n"


@pytest.fixture
def sides(tmp_path):
    """A working tree and the files of one of its revisions, with the same names in both."""
    tree, revision = tmp_path / "tree", tmp_path / "revision"
    for top in (tree, revision):
        own = f"VALUE = {top.name!r}\n"
        write(
            top,
            {
                "main.py": WHERE.format(helper="helper"),
                "helper.py": own,
                "sub/inner.py": WHERE.format(helper="deep"),
                "sub/deep.py": own,
                "src/package/__init__.py": "",
                "src/package/loop.py": WHERE.format(helper="package.values"),
                "src/package/values.py": own,
            },
        )
    return tree, revision


def run(reference, source, cwd, path=()):
    """Where the variant was imported from, and what it loaded wrongly."""
    paths = [*map(str, path), str(Path(sources.__file__).parents[3])]
    done = subprocess.run(
        [sys.executable, "-P", "-c", CHILD, json.dumps(source), reference],
        check=True,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={"PYTHONPATH": ":".join(paths)},
    )
    return json.loads(done.stdout.splitlines()[-1])


def of(folder, prefix="", instead_of=None):
    return {"folder": str(folder), "prefix": prefix, "instead_of": instead_of and str(instead_of)}


@pytest.mark.parametrize(
    ("reference", "prefix"),
    [
        ("main.py:where", ""),
        ("main:where", ""),
        ("package.loop:where", ""),
        ("inner.py:where", "sub"),
        ("inner:where", "sub"),
        ("../main.py:where", "sub"),
        ("package.loop:where", "sub"),
    ],
)
def test_each_side_imports_its_own(sides, reference, prefix):
    tree, revision = sides
    also = [tree, tree / "src", tree / "sub"]
    assert run(reference, of(tree, prefix), tree / prefix, also) == ["tree", None]
    assert run(reference, of(revision, prefix, tree), tree / prefix, also) == ["revision", None]
    absolute = f"{tree / 'main.py'}:where"
    assert run(absolute, of(revision, prefix, tree), tree / prefix, also) == ["revision", None]


def test_missing_files_of_a_revision_do_not_come_from_the_working_tree(sides):
    tree, revision = sides
    (revision / "helper.py").unlink()
    assert run("main.py:where", of(revision, "", tree), tree, [tree]) == ["No module named 'helper'", None]


def test_detects_imports_from_the_working_tree(sides):
    tree, revision = sides
    write(revision, {"main.py": f"import sys\nsys.path.append({str(tree / 'sub')!r})\n{WHERE.format(helper='deep')}"})
    value, stray = run("main.py:where", of(revision, "", tree), tree)
    assert value == "tree"
    assert stray == f"deep ({tree / 'sub' / 'deep.py'})"


def test_no_bytecode_is_written_nor_read_on_either_side(sides):
    tree, revision = sides
    for reference in ("main.py:where", "package.loop:where"):
        run(reference, of(tree), tree)
        run(reference, of(revision, "", tree), tree)
    assert not list(tree.rglob("__pycache__"))
    assert not list(revision.rglob("__pycache__"))


def test_libraries_in_the_working_tree_are_not_its_code(tmp_path):
    source = Source(str(tmp_path / "revision"), "", str(tmp_path))
    library = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages" / "numpy"
    assert not sources.holds_code_of(str(library), source.instead_of)
    assert sources.holds_code_of(str(tmp_path / "src"), source.instead_of)
    assert not sources.holds_code_of(str(tmp_path.parent), source.instead_of)


def test_a_repository_inside_the_python_folder_has_code(tmp_path, monkeypatch):
    monkeypatch.setattr(sources.sys, "prefix", str(tmp_path))
    inside = tmp_path / "src" / "app"
    assert sources.holds_code_of(str(inside / "package"), str(inside))
    monkeypatch.setattr(sources.sys, "prefix", str(inside / "env"))
    assert not sources.holds_code_of(str(inside / "env" / "lib"), str(inside))


def test_a_module_made_by_hand_is_not_from_the_working_tree(sides):
    tree, revision = sides
    made = "import sys, types\nops = types.ModuleType('ops')\nops.__file__ = '_ops.py'\nsys.modules['ops'] = ops\n"
    for top in sides:
        write(top, {"main.py": made + WHERE.format(helper="helper")})
    assert run("main.py:where", of(revision, "", tree), tree) == ["revision", None]

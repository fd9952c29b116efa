"""What a program imports before its first epoch, and whether a later process may be forked in its place."""

import json
import subprocess
import sys
from textwrap import dedent

import numpy
import pytest

from harness.worker.imports.early import import_again


def run(code, folder):
    """What `EarlyImports` notes while this code runs in a process of its own, and the numbers that are drawn last."""
    program = f"""
        import json, os, random, sys
        from harness.worker import seeding
        from harness.worker.imports.early import EarlyImports
        sys.path.insert(0, {str(folder)!r})
        seeding.seed_as_imported(5)
        early = EarlyImports(("numpy", "drawing", "scipy"), lambda: seeding.save(5))
{dedent(code).replace(chr(10), chr(10) + " " * 8).rjust(8)}
        numpy = sys.modules.get("numpy")
        drawn = [random.random(), float(numpy.random.rand()) if numpy else None]
        print(json.dumps([early.found, early.why_not, drawn]))
    """
    lines = [line.removeprefix(" " * 8) for line in program.splitlines()]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path):
    """With an installed package that draws numbers as it is imported."""
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "drawing.py").write_text("import random, numpy\nrandom.random()\nnumpy.random.rand(3)\n")
    return installed


def test_libraries_are_noted_with_their_files_in_order(folder):
    found, why_not, _ = run("        import drawing", folder)
    assert list(found) == ["numpy", "drawing"]
    assert found["numpy"] == numpy.__file__
    assert why_not == ""


def test_what_an_import_draws_does_not_show_in_what_is_drawn_later(folder):
    _, _, usual = run("        import numpy", folder)
    for code in ("        import drawing", "        import numpy\n        import drawing"):
        assert run(code, folder)[2] == usual


def test_a_variable_that_is_set_before_an_import_is_the_reason_against_forking(folder):
    _, why_not, _ = run("        os.environ['MINE'] = '1'\n        import numpy", folder)
    assert why_not == "MINE is set before numpy is imported"
    _, why_not, _ = run("        import numpy\n        os.environ['MINE'] = '1'", folder)
    assert why_not == "", "it came after"


def test_a_package_that_is_not_installed_may_change_from_arm_to_arm(tmp_path):
    (tmp_path / "drawing.py").write_text("")
    found, why_not, _ = run("        import drawing", tmp_path)
    assert (found, why_not) == ({}, "drawing is not an installed package")


def test_a_library_that_cannot_be_imported_does_not_hide_what_comes_later(folder):
    (folder / "drawing.py").write_text("import random, numpy\nrandom.random()\nraise ImportError\n")
    _, _, usual = run("        import numpy", folder)
    failing = "        try:\n            import drawing\n        except ImportError:\n            pass\n"
    found, why_not, drawn = run(f"{failing}        import numpy", folder)
    assert (list(found), why_not, drawn) == (["numpy"], "", usual)
    _, why_not, _ = run(f"{failing}        os.environ['MINE'] = '1'\n        import scipy", folder)
    assert why_not == "MINE is set before scipy is imported"


def test_what_is_imported_after_the_first_epoch_does_not_count(folder):
    found, _, drawn = run("        import numpy\n        early.stop()\n        import drawing", folder)
    assert list(found) == ["numpy"]
    _, _, usual = run("        import numpy", folder)
    assert drawn != usual, "a forked process draws it, too"


def test_the_same_files_have_to_be_found_again():
    assert import_again({"numpy": numpy.__file__}) == ""
    assert import_again({"numpy": "/elsewhere/numpy.py"}) == (
        f"numpy is imported from {numpy.__file__}, and not from /elsewhere/numpy.py"
    )


def test_libraries_that_start_threads_are_not_forked(tmp_path):
    (tmp_path / "threading_library.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from harness.worker.imports.early import import_again\n"
        f"print(import_again({{'threading_library': {str(tmp_path / 'threading_library.py')!r}}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("its libraries start threads")

"""Starts a measured process in any interpreter: `INTERPRETER start.py MODULE HANDLE PARENT`.

The package is loaded from this file's own folder, and no folder is added to the path. So the interpreter needs nothing
installed, and what the measured program can import is what it could import without harness.
"""

import sys

LOADED_BY_PYTHON = frozenset(sys.modules)
"""The modules that Python itself loaded as it started."""

import importlib  # noqa: E402 - the others come after that is known
import importlib.util  # noqa: E402
from pathlib import Path  # noqa: E402


def main() -> None:
    here = Path(__file__).resolve().parent
    if sys.path and Path(sys.path[0]).resolve() == here:
        del sys.path[0]  # Python puts the folder of a script there
    _load_package(here.parent)
    module = importlib.import_module(sys.argv.pop(1))
    module.main()


def _load_package(folder: Path) -> None:
    """Load the package in `folder`, as if its parent folder were on the path."""
    spec = importlib.util.spec_from_file_location(
        folder.name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None, "a file has a loader"
    assert spec.loader is not None, "a file has a loader"
    package = importlib.util.module_from_spec(spec)
    sys.modules[folder.name] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    main()

"""Makes an arm's process import the arm's own code from its source, and from nowhere else.

`harness` itself has been loaded before, from where it is installed. So a revision that contains a version of `harness`
does not change how it is measured.
"""

from __future__ import annotations

import importlib
import sys
import sysconfig
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from harness.worker.imports import loading
from harness.worker.imports.hooks import compile_anew
from harness.worker.imports.ownership import INSTALLED
from harness.worker.wire.messages import Source


def use(source: Source) -> None:
    """Put the source's folders first on the path, and remove the folders of the working tree that it replaces.

    Each process compiles their code again, without bytecode files. So all arms do the same, and the working tree
    remains unchanged.
    """
    loading.entries()  # read before the path changes, because package metadata may be in a folder that is removed
    compile_anew(lambda folder: holds_code_of(folder, source.folder))
    sys.path[:] = path(source)
    importlib.invalidate_caches()


def path(source: Source) -> list[str]:
    """Return the new value of `sys.path`."""
    others = [entry for entry in sys.path if not (source.instead_of and holds_code_of(entry, source.instead_of))]
    return [*folders(source), *others]


def folders(source: Source) -> list[str]:
    """Return the folders to search first: the counterpart of the working directory and the top folder, each with its
    `src` folder."""
    tops = dict.fromkeys([Path(source.folder) / source.prefix, Path(source.folder)])
    return [str(place) for top in tops for place in (top, top / "src") if place.is_dir()]


def reference(variant: str, source: Source) -> str:
    """Change a reference `file.py:Name` from the command line to the same file in the source.

    Other references are returned unchanged.
    """
    place, _, name = variant.rpartition(":")
    if not place or not loading.is_file(place):
        return variant
    here = Path.cwd()
    top = here.parents[len(Path(source.prefix).parts) - 1] if source.prefix else here
    absolute = here / Path(place).expanduser()
    for path in (absolute, absolute.resolve()):
        for one in (top, top.resolve()):
            if path.is_relative_to(one):
                return f"{Path(source.folder) / path.relative_to(one)}:{name}"
    return variant


def stray(source: Source) -> str | None:
    """Return the name and file of a module that was loaded from the code that this source replaces, or None."""
    if source.instead_of is None:
        return None
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        ours = name.partition(".")[0] in ("harness", "__main__", "__mp_main__")
        # What is imported has an absolute path. PyTorch makes modules by hand that name a file without its folder.
        if not isinstance(file, str) or ours or not Path(file).is_absolute():
            continue
        if _holds_code_of(str(Path(file).parent), source.instead_of):
            return f"{name} ({file})"
    return None


@cache
def _holds_code_of(folder: str, top: str) -> bool:
    """Cached `holds_code_of`, because there are many modules but fewer folders."""
    return holds_code_of(folder, top)


def holds_code_of(entry: str, top: str) -> bool:
    """Whether a file or folder is code of the working tree `top`, and not a library or a Python installed inside it."""
    place, tree = Path(entry).resolve(), Path(top).resolve()
    if not place.is_relative_to(tree) or INSTALLED & set(place.relative_to(tree).parts):
        return False
    within = [root for root in _list_pythons() if root != tree and root.is_relative_to(tree)]
    return not any(place.is_relative_to(root) for root in within)


def _list_pythons() -> Sequence[Path]:
    found = {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    return [Path(root).resolve() for root in found]

"""In an arm's process: import the arm's own code from where it is to come from, and from nowhere else.

`harness` itself is loaded by then, from where it is installed: it is never the revision's. So a revision that holds a
`harness` of its own does not change how it is measured.
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
from harness.worker.wire.messages import Source

_INSTALLED = {"site-packages", "dist-packages"}


def use(source: Source) -> None:
    """Put the source's folders first on the path, and take those off that hold the other code of the same name.

    Their code is compiled anew in each process: arms are alike in that, and the working tree stays as it is.
    """
    loading.entries()  # read while the path is as the user has it: what describes a package may lie in its source
    compile_anew(lambda folder: holds_code_of(folder, source.folder))
    sys.path[:] = path(source)
    importlib.invalidate_caches()


def path(source: Source) -> list[str]:
    """What `sys.path` is to be."""
    others = [entry for entry in sys.path if not (source.instead_of and holds_code_of(entry, source.instead_of))]
    return [*folders(source), *others]


def folders(source: Source) -> list[str]:
    """Where its modules are looked for first: the working directory's counterpart, and the top, each with its `src`."""
    tops = dict.fromkeys([Path(source.folder) / source.prefix, Path(source.folder)])
    return [str(place) for top in tops for place in (top, top / "src") if place.is_dir()]


def reference(variant: str, source: Source) -> str:
    """`file.py:Name` as it stands on the command line -> the same file in the source; other references as they are."""
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
    """A module that was loaded from the code that this source stands in place of, and its file."""
    if source.instead_of is None:
        return None
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        ours = name.partition(".")[0] in ("harness", "__main__", "__mp_main__")
        if isinstance(file, str) and not ours and _folder_holds_code_of(str(Path(file).parent), source.instead_of):
            return f"{name} ({file})"
    return None


@cache
def _folder_holds_code_of(folder: str, top: str) -> bool:
    """Modules are many, their folders fewer."""
    return holds_code_of(folder, top)


def holds_code_of(entry: str, top: str) -> bool:
    """Whether a file or folder is the code of a working tree, not a library or a Python installed somewhere in it."""
    place, tree = Path(entry).resolve(), Path(top).resolve()
    if not place.is_relative_to(tree) or _INSTALLED & set(place.relative_to(tree).parts):
        return False
    within = [root for root in _pythons() if root != tree and root.is_relative_to(tree)]
    return not any(place.is_relative_to(root) for root in within)


def _pythons() -> Sequence[Path]:
    found = {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    return [Path(root).resolve() for root in found]

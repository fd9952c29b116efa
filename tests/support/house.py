"""The structure of the package, measured from its imports: modules, rooms, floors, arrows and circles.

    python tests/support/house.py [CHECKOUT]

A room is a folder with modules in it; a module directly in the package is a room of its own. An arrow goes from what
imports to what is imported, wherever in a file the import stands, except below `if TYPE_CHECKING`, unless those are
asked for (`typed`). A floor is the longest way down.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = "harness"
Graph = dict[str, set[str]]


def imported_by(source: str, module: str, is_package: bool = False, typed: bool = False) -> set[str]:
    """The dotted names that Python source imports, anywhere in it, whether the name is a module or in one."""
    found = set()
    tree = ast.parse(source)
    for node in ast.walk(tree) if typed else _nodes(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + is_package] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker reads."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and getattr(child.test, "id", None) == "TYPE_CHECKING":
            continue
        yield from _nodes(child)


def modules(root: Path, package: str = PACKAGE, typed: bool = False) -> dict[str, set[str]]:
    """By dotted name, what each module of the package below `root` imports."""
    found = {}
    for file in sorted((root / package).rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found[name] = imported_by(file.read_text(encoding="utf-8"), name, is_package, typed)
    return found


def arrows(imports: Mapping[str, set[str]]) -> Graph:
    """From module to module of the package."""

    def module(name: str) -> str | None:
        return name if name in imports else name.rpartition(".")[0] if name.rpartition(".")[0] in imports else None

    return {
        name: {target for one in names if (target := module(one)) and target != name} for name, names in imports.items()
    }


def room(module: str, imports: Mapping[str, set[str]]) -> str:
    """The folder of a module: of `harness.plan.request` that is `plan`, of `harness.errors` it is `errors`."""
    parts = module.split(".")[1:]
    inner = any(name.startswith(f"{module}.") for name in imports)
    return "/".join(parts if inner or len(parts) < 2 else parts[:-1])


def rooms(imports: Mapping[str, set[str]]) -> Graph:
    """From room to room."""
    found: Graph = {}
    for name, targets in arrows(imports).items():
        own = room(name, imports)
        found.setdefault(own, set()).update(room(target, imports) for target in targets)
    return {own: {target for target in targets if target and target != own} for own, targets in found.items() if own}


def floors(graph: Graph) -> dict[str, int]:
    """How high each lies above what imports nothing. Raises CycleError."""
    height: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        height[name] = 1 + max((height[target] for target in graph.get(name, ())), default=0)
    return height


def circle(graph: Graph) -> list[str]:
    """One, if there is any."""
    try:
        floors(graph)
    except CycleError as error:
        return list(error.args[1])
    return []


def report(root: Path) -> str:
    imports = modules(root)
    lines = []
    for what, graph in (("modules", arrows(imports)), ("rooms", rooms(imports))):
        found = circle(graph)
        high = "-" if found else max(floors(graph).values())
        number = sum(map(len, graph.values()))
        lines.append(f"{len(graph)} {what} on {high} floors, {number} arrows, circle: {' -> '.join(found) or 'none'}")
    graph = rooms(imports)
    if not circle(graph):
        height = floors(graph)
        for name in sorted(graph, key=lambda name: (-height[name], name)):
            lines.append(f"{height[name]:3} {name}: {', '.join(sorted(graph[name])) or '-'}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]))

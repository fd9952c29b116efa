import io

from rich.console import Console

from harness import Variant
from harness.catalog.registry import Catalog
from harness.cli.listing import show_catalog


def shown(**more):
    variants = {name: Variant(name, f"{name} in a line", dict) for name in ("slow", "solver")}
    console = Console(file=io.StringIO(), width=100)
    show_catalog(console, Catalog(variants, **more))
    return console.file.getvalue()


def test_lists_references_added_by_converge():
    text = shown(references={"slow": ("solver",), "solver": ("solver",)})
    assert "references, which harness converge adds: solver\n" in text
    assert "solver in a line" in text
    assert "references" not in shown(references={"slow": ()})

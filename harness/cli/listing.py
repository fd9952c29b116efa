"""Prints what can be measured."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.catalog.registry import Catalog


def show_catalog(console: Console, catalog: Catalog) -> None:
    """Print variants, cases, scales, metrics and references."""
    table = Table("variant", "changes", "what it is", header_style="bold")
    for variant in catalog.variants.values():
        table.add_row(variant.name, variant.baseline or "", variant.summary)
    console.print(table)
    for field in ("cases", "scales", "metrics"):
        values = dict.fromkeys(value for variant in catalog.variants.values() for value in getattr(variant, field))
        console.print(f"{field}: {', '.join(values) or 'none'}", highlight=False)
    references = dict.fromkeys(name for names in catalog.references.values() for name in names)
    if references:
        console.print(f"references, which harness converge adds: {', '.join(references)}", highlight=False)
    for lack in dict.fromkeys(catalog.lacking.values()):
        names = [name for name, own in catalog.lacking.items() if own == lack]
        console.print(f"Not to be run here: {', '.join(names)} need {escape(lack)}.", highlight=False)
    if catalog.compared:
        console.print(f"harness compare, without names: {' '.join(catalog.compared)}", highlight=False)

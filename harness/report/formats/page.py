"""The report as one self-contained HTML page that fetches nothing from the network."""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from harness.report import units
from harness.report.charts.figure import AXIS, GAP, PANELS_FROM, Figure
from harness.report.charts.theme import config
from harness.report.layouts.contents import Contents
from harness.report.table import Table, values

_TEMPLATES = files("harness.report.formats") / "templates"


class Page:
    def files(self, contents: Contents) -> Iterator[tuple[str, str]]:
        yield "report.html", render(contents)


FORMAT = Page()


@dataclass(frozen=True)
class PageCell:
    """A cell of a table on the page."""

    text: str
    key: float | None
    """The number by which its column is sorted; None is last. Columns of text are sorted by the text."""
    bar: float | None = None
    """The share of the cell that a bar fills, if it has one."""


def render(contents: Contents) -> str:
    """The whole page."""
    figures = contents.figures
    vega, own = _prepare_script(_read_vega()) if figures else "", _prepare_script(_read_template("page.js"))
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=jinja2.FunctionLoader(_read_template)
    )
    return environment.get_template("page.html").render(
        contents=contents,
        summary=contents.summary,
        arms={arm.name for arm in contents.summary.arms},
        rows=_make_rows,
        percent=_format_share,
        clip=_clip,
        figures=figures,
        style=Markup(_read_template("page.css")),
        source_style=Markup(_read_template("source.css")),
        policy=_make_policy([script for script in (vega, own) if script]),
        data=Markup(as_script_data(_make_data(figures))),
        vega=Markup(vega),
        own=Markup(own),
    )


def as_script_data(value: Any) -> str:
    """JSON that is safe within a script element: nothing in it ends the element or begins a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _make_rows(table: Table) -> list[list[PageCell]]:
    keys = [values(column) for column in zip(*table.rows, strict=True)]
    drawn = [name in table.bars for name in table.columns]
    return [
        [
            PageCell(str(text), keys[place][row], _clip(keys[place][row]) if drawn[place] else None)
            for place, text in enumerate(cells)
        ]
        for row, cells in enumerate(table.rows)
    ]


def _clip(share: float | None) -> float | None:
    """The length of a bar, as a share of its cell."""
    return None if share is None else min(max(share, 0.0), 1.0)


def _format_share(share: float) -> str:
    """A share in percent, without the digits of one that is next to nothing."""
    return "< 0.1 %" if 0 < share < 0.001 else units.percent(share)


def _make_data(figures: Sequence[Figure]) -> dict[str, Any]:
    return {
        "figures": [{"name": one.name, "panels": one.panels, "spec": one.spec} for one in figures],
        "themes": {theme: config(theme) for theme in ("light", "dark")},
        "panels": {"gap": GAP, "axis": AXIS, "from": PANELS_FROM},
    }


def _make_policy(scripts: Sequence[str]) -> str:
    """A Content Security Policy that allows these scripts, Vega's inline styles and images, and no network."""
    allowed = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts
    )
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:;"
        " base-uri 'none'; form-action 'none'"
    )


def _read_vega() -> str:
    """The source of Vega, Vega-Lite and Vega-Embed, as bundled with vl-convert."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def _prepare_script(code: str) -> str:
    """Code that is safe within a script element."""
    lines = code.replace("\r\n", "\n").replace("\r", "\n")
    return lines.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _read_template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")

import re
import subprocess
import sys

import pytest
from shown import contents
from simulated import DATA, FULL, REFINE, record

from harness.errors import BadInput
from harness.report.formats.base import DEFAULT, FORMATS, load, parse


def written(formats, run):
    """The files of these formats, by their paths."""
    shown = contents(run)
    return {path: text for name in formats for path, text in load(name).files(shown)}


def test_formats_are_separated_by_commas():
    assert parse(DEFAULT) == ["md", "html", "csv"]
    assert parse("HTML, md,html") == ["html", "md"]
    for wrong in ("", "pdf", "md,,csv"):
        with pytest.raises(BadInput):
            parse(wrong)


def test_markdown_includes_the_images_beside_it():
    run = record({"a": {DATA: 0.2, REFINE: 1.0, FULL: 0.1}, "b": {DATA: 0.1, REFINE: 1.0, FULL: 0.1}})
    found = written(["md"], run)
    assert set(found) == {"report.md", "charts/ratios.svg", "charts/epochs.svg"}
    shown = re.findall(r"^!\[.+\]\((.+)\)$", found["report.md"], re.MULTILINE)
    assert {"report.md", *shown} == set(found)
    assert found["report.md"].index("## Cost") < found["report.md"].index("![") < found["report.md"].index("## Counts")


def test_every_format_writes_a_file_of_its_name():
    found = written(FORMATS, record({"a": {DATA: 0.2}}))
    assert {f"report.{name}" for name in FORMATS} <= set(found)


def test_a_custom_format_needs_one_entry(monkeypatch):
    class Names:
        def files(self, contents):
            yield "names.txt", " ".join(arm.name for arm in contents.summary.arms)

    monkeypatch.setitem(FORMATS, "names", Names())
    assert parse("names,md") == ["names", "md"]
    assert written(["names"], record({"a": {DATA: 0.2}, "b": {DATA: 0.2}})) == {"names.txt": "a b"}


def test_parsing_formats_does_not_load_drawing_libraries():
    code = "import sys; from harness.report.formats.base import parse; parse('html'); print(*sys.modules)"
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"altair", "jinja2", "vl_convert"} & set(child.stdout.split())
